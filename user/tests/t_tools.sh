#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# needs no root
# The accelerator simulator and the trace driver over loopback. What can be counted is counted; where order is the point,
# the steps wait for each other, so that a slow machine changes nothing.
# usage: t_tools.sh BUILD; prints `ok NAME`, `not ok NAME: why`, `skip NAME: why`
set -u
build=$(realpath "${1:-build}")
tmp=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

# say NAME CONDITION-STATUS WHY
say() { if [ "$2" = 0 ]; then echo "ok $1"; else echo "not ok $1: $3"; fi; }
same() { [ "$2" = "$3" ]; say "$1" $? "got '$2', want '$3'"; }
has() { [[ $2 == *"$3"* ]]; say "$1" $? "no '$3' in: ${2:0:300}"; }

# soon COMMAND...: until it succeeds, 20 s at most
soon()
{
	local end=$((SECONDS + 20))

	until "$@"; do
		if [ $SECONDS -gt $end ]; then return 1; fi
		sleep 0.05
	done
}

# accel OPTION...: start one on a port of its own; sets url and pid
accel()
{
	rm -f "$tmp/banner"	# the new one is opened in the background
	"$build/accel" --listen 127.0.0.1:0 "$@" > "$tmp/banner" 2>&1 &
	pid=$!
	pids+=("$pid")
	soon grep -qs serves "$tmp/banner" || { echo "not ok accel/start: $(cat "$tmp/banner")"; exit 1; }
	url=http://$(sed -n 's/.* serves on \([^ ]*\): .*/\1/p' "$tmp/banner")
}

metric() { curl -s "$url/metrics" | awk -v n="vllm:$1{" 'index($1, n) == 1 { print $2 }'; }
metric_is() { [ "$(metric "$1")" = "$2" ]; }
text() { head -c "$(($1 * 4))" /dev/zero | tr '\0' "$2"; }	# TOKENS LETTER
# body FILE TEXT MAX_TOKENS STREAM
body() { jq -nc --arg p "$2" --argjson n "$3" --argjson s "$4" '{prompt: $p, max_tokens: $n, stream: $s}' > "$tmp/$1"; }
post() { curl -s -m 60 "$url/v1/${2:-completions}" -H 'Content-Type: application/json' -d "$1"; }

accel --name gpu7 --prefill 1M/s --gap 1ms --cache 16k
has accel/banner "$(cat "$tmp/banner")" "simulator gpu7"
has accel/owned_by "$(curl -s "$url/v1/models" | jq -r '.data[0].owned_by')" "simulator gpu7"
curl -s -D "$tmp/head" -o "$tmp/sse" "$url/v1/chat/completions" \
	-d '{"messages":[{"role":"user","content":"hi there"}],"max_tokens":5,"stream":true,"stream_options":{"include_usage":true}}'
has accel/server_header "$(tr -d '\r' < "$tmp/head")" "Server: xsteer-accel (simulator)"
has accel/name_header "$(tr -d '\r' < "$tmp/head")" "X-Accelerator: gpu7"
sed -n 's/^data: //p' "$tmp/sse" > "$tmp/events"
same accel/role_first "$(head -1 "$tmp/events" | jq -c '.choices[0].delta')" '{"role":"assistant","content":""}'
same accel/tokens "$(grep -v DONE "$tmp/events" | jq -r '.choices[0].delta.content | values' | grep -c .)" 5
same accel/finish "$(sed -n 6p "$tmp/events" | jq -r '.choices[0].finish_reason')" length
same accel/usage "$(sed -n 7p "$tmp/events" | jq -r '"\(.usage.prompt_tokens) \(.usage.completion_tokens)"')" "4 5"	# user 1f hi there 1e
same accel/done "$(tail -1 "$tmp/events")" "[DONE]"
same accel/whole "$(post '{"prompt":[1,2,3],"max_tokens":4}' | jq -r '"\(.choices[0].text)|\(.usage.total_tokens)"')" "This is a simulator|7"

before=$(metric prefix_cache_hits_total)
body long "$(text 4000 a)" 1 false
cached() { post "@$tmp/$1" | jq .usage.prompt_tokens_details.cached_tokens; }
same accel/cache_cold "$(cached long)" 0
same accel/cache_warm "$(cached long)" 3584	# 7 whole blocks of 512
body part "$(text 1536 a)$(text 2000 b)" 1 false
same accel/cache_part "$(cached part)" 1536
body same_tail "$(text 512 c)$(text 1024 a)" 1 false
same accel/cache_chained "$(cached same_tail)" 0
same accel/cache_metric "$(($(metric prefix_cache_hits_total) - before))" 5120
for c in d e f g; do body "$c" "$(text 7000 $c)" 1 false; post "@$tmp/$c" > "$tmp/out"; done
same accel/cache_lru "$(cached long) $(cached g)" "0 6656"

code() { curl -s -m 20 -o "$tmp/out" -w '%{http_code} ' "$@"; jq -r '.error.code' "$tmp/out"; }
n=0
for bad in '' '{' '[]' '{"prompt":7}' '{"prompt":""}' '{"prompt":[1,-1]}' '{"prompt":"a","max_tokens":0}' '{"prompt":"a","stream":1}'; do
	same "accel/bad_$((++n))" "$(code "$url/v1/completions" -d "$bad")" "400 400"
done
same accel/bad_chat "$(code "$url/v1/chat/completions" -d '{"messages":[{"content":"x"}]}')" "400 400"
same accel/no_path "$(code "$url/v2")" "404 404"
same accel/no_method "$(code -X DELETE "$url/v1/completions")" "405 405"
if command -v promtool > /dev/null; then
	# vLLM's colon is what promtool's style check has against the names; anything else counts
	curl -s "$url/metrics" | promtool check metrics > "$tmp/out" 2>&1
	rc=$?
	same accel/promtool "$rc $(grep -v "should not contain ':'" "$tmp/out")" "3 "
else
	echo "skip accel/promtool: no promtool here"
fi
kill "$pid"; wait "$pid"
same accel/sigterm_idle $? 0

# One after the other: the first takes 1 s of prefill, then two of half a second wait. The second is the longer one.
accel --prefill 2000/s --body 100k
body one "$(text 2000 a)" 1 true; body two "$(text 1100 b)" 1 true; body three "$(text 1000 c)" 1 true
(post "@$tmp/one" > "$tmp/out1"; echo one >> "$tmp/order") &
jobs=($!)
soon metric_is num_requests_running 1
(post "@$tmp/two" > "$tmp/out2"; echo two >> "$tmp/order") &
jobs+=($!)
soon metric_is num_requests_waiting 1
(post "@$tmp/three" > "$tmp/out3"; echo three >> "$tmp/order") &
jobs+=($!)
soon metric_is num_requests_waiting 2
say accel/waiting $? "waiting: $(metric num_requests_waiting)"
wait "${jobs[@]}"
same accel/fifo "$(xargs < "$tmp/order")" "one two three"
same accel/too_large "$(head -c 200000 /dev/zero | code "$url/v1/completions" --data-binary @-)" "413 413"

# Headers before the prefill is done; a client that leaves while it waits costs no prefill; SIGTERM finishes what is open.
body slow "$(text 6000 x)" 3 true
exec 3<> "/dev/tcp/127.0.0.1/${url##*:}"
{ printf 'POST /v1/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n' "$(wc -c < "$tmp/slow")"; cat "$tmp/slow"; } >&3
read -r -t 20 -u 3 status
same accel/headers_at_once "${status%$'\r'} $(metric num_requests_running) $(metric generation_tokens_total)" "HTTP/1.1 200 OK 1 3"	# the 3 are of before
curl -s -o /dev/null "$url/v1/completions" -d "@$tmp/one" & left=$!
soon metric_is num_requests_waiting 1
kill "$left"; wait "$left" 2> /dev/null
soon metric_is num_requests_waiting 0
same accel/abort "$(metric request_success_total | tail -1) $(metric prompt_tokens_total)" "1 $((2000 + 1100 + 1000 + 6000))"
kill "$pid"
soon grep -q finishing "$tmp/banner"
curl -s -m 5 -o /dev/null "$url/health"
same accel/sigterm_refuses $? 7
same accel/sigterm_finishes "$(timeout 20 cat <&3 | grep -c '^data: ')" 4	# 3 tokens, [DONE]
exec 3>&-
wait "$pid"; same accel/sigterm_exit $? 0

# The driver
accel --name gpu1 --prefill 10M/s --gap 100us --cache 10M
drive() { "$build/drive" --to "$url" --no-stamp -j "$@" > "$tmp/drive" 2> "$tmp/err"; }
figures() { jq -r "$1" "$tmp/drive"; }
printf '%s\n' '{"timestamp": 0, "input_length": 1100, "output_length": 7, "hash_ids": [1, 2, 3]}' \
	'{"timestamp": 90, "input_length": 1500, "output_length": 2, "hash_ids": [1, 2, 4]}' \
	'{"timestamp": 180, "input_length": 700, "output_length": 300, "hash_ids": [9, 2]}' > "$tmp/trace"
drive --trace "$tmp/trace" --output 100 -c 1; rc=$?
same drive/trace "$rc $(figures '"\(.requests) \(.failed) \(.prompt_tokens) \(.tokens)"')" "0 3 0 3300 109"
same drive/shared_prefix "$(figures .cached_tokens)" 1024
drive --trace "$tmp/trace" --output 1 --tokens -c 1; rc=$?
same drive/token_mode "$rc $(figures '"\(.prompt_tokens) \(.cached_tokens)"')" "0 3300 1024"
same drive/where "$(figures '.where | map("\(.accelerator) \(.requests)") | join(",")')" "gpu1 3"
same drive/connections "$(figures .connections)" 3
drive --trace "$tmp/trace" --output 1 --keep-alive -c 1
same drive/keep_alive "$(figures .connections)" 1
drive -n 60 -s 0 --seed 3 --output 2 --tenant 7:3 --tenant 9 --class 1 --class 2; rc=$?
made=$(figures '[.prompt_tokens, (.by | map([.tenant, .class, .requests]))] | tostring')
same drive/made "$rc $(figures '"\(.requests) \([.by[].tenant] | unique) \([.by[].class] | unique)"')" "0 60 [7,9] [1,2]"
drive -n 60 -s 0 --seed 3 --output 2 --tenant 7:3 --tenant 9 --class 1 --class 2
same drive/seed_repeats "$(figures '[.prompt_tokens, (.by | map([.tenant, .class, .requests]))] | tostring')" "$made"
drive -n 60 -s 0 --seed 4 --output 2
[ "$(figures .prompt_tokens)" != "$(jq -r '.[0]' <<< "$made")" ]; say drive/seed_matters $? "seeds 3 and 4 made the same"
same drive/ttft_order "$(figures '.ttft | .p50_us <= .p90_us and .p90_us <= .p99_us')" true
echo '{"timestamp": 0, "input_length": 10, "output_length": 100000, "hash_ids": [1]}' > "$tmp/endless"
drive --trace "$tmp/endless" --timeout 500ms; rc=$?
same drive/timeout "$rc $(figures '"\(.failed) \(.errors)"')" '1 1 {"Timeout was reached":1}'	# of the 10 s that it takes
kill "$pid"; wait "$pid"
drive -n 4 -s 0; rc=$?
same drive/fails "$rc $(figures '"\(.failed) \(.errors)"')" "1 4 {\"Couldn't connect to server\":4}"
echo '{"timestamp": 1}' > "$tmp/trace"
drive --trace "$tmp/trace"; rc=$?
has drive/bad_trace "$rc $(cat "$tmp/err")" "1 drive: $tmp/trace:1:"
"$build/drive" --to "$url" --tenant 99999 2> "$tmp/err"; rc=$?
has drive/usage "$rc $(cat "$tmp/err")" "2 drive: tenant: wants ID"
