# The words behind a row of the tables: @file, @dev, @instance, @row OBJECT are looked up, the rest stands for itself.
_xsteer_reply()
{
	local w path words='' cur=$1
	for w in $2; do
		case $w in
		@file)
			compopt -o filenames 2>/dev/null
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
			;;
		@dev)
			for path in /sys/class/net/*/; do
				path=${path%/}
				words+=" ${path##*/}"
			done
			;;
		@instance)
			for path in /sys/fs/bpf/xsteer/*/; do
				path=${path%/}
				words+=" ${path##*/}"
			done
			;;
		@row:*)
			words+=" $("${_xsteer_call[@]}" -j "${w#@row:}" list 2>/dev/null |
				grep -o '"name":"[^"]*"' | cut -d'"' -f4 | sort -u)"
			;;
		*)
			words+=" $w"
			;;
		esac
	done
	mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$words" -- "$cur")
}

_xsteer()
{
	local cur=${COMP_WORDS[COMP_CWORD]} key='' word i=1 n=0 seen=' ' o
	local -a _xsteer_call=("${COMP_WORDS[0]}") args
	COMPREPLY=()

	# global options
	while ((i < COMP_CWORD)) && [[ ${COMP_WORDS[i]} == -* ]]; do
		if [[ -n ${_xsteer_value["- ${COMP_WORDS[i]}"]+x} ]]; then
			if ((i + 1 == COMP_CWORD)); then
				_xsteer_reply "$cur" "${_xsteer_value["- ${COMP_WORDS[i]}"]}"
				return
			fi
			_xsteer_call+=("${COMP_WORDS[i]}" "${COMP_WORDS[i + 1]}")
			i=$((i + 1))
		fi
		i=$((i + 1))
	done
	if ((i >= COMP_CWORD)); then
		word=.
		if [[ $cur == -* ]]; then word=-; fi
		_xsteer_reply "$cur" "${_xsteer_words[$word]}"
		return
	fi

	# the command
	key=${COMP_WORDS[i]}
	i=$((i + 1))
	if [[ $key == help ]]; then
		key=.
		if ((i < COMP_CWORD)); then key=${COMP_WORDS[i]}; fi
		_xsteer_reply "$cur" "${_xsteer_words[$key]:-}"
		return
	fi
	if [[ -n ${_xsteer_words[$key]:-} ]]; then
		if ((i == COMP_CWORD)); then
			_xsteer_reply "$cur" "${_xsteer_words[$key]} help"
			return
		fi
		key+=" ${COMP_WORDS[i]}"
		i=$((i + 1))
	fi

	# what stands before the cursor: options with their values, and n words
	while ((i < COMP_CWORD)); do
		word=${COMP_WORDS[i]}
		if [[ -n ${_xsteer_value["$key $word"]+x} ]]; then
			if ((i + 1 == COMP_CWORD)); then
				_xsteer_reply "$cur" "${_xsteer_value["$key $word"]}"
				return
			fi
			i=$((i + 1))
		elif [[ $word != -* ]]; then
			n=$((n + 1))
		fi
		seen+="$word "
		i=$((i + 1))
	done

	# the word at this place, or the options and filters that are not there yet
	read -ra args <<< "${_xsteer_args[$key]:-}"
	if ((${#args[@]} && n >= ${#args[@]})) && [[ ${args[-1]} == *... ]]; then n=$((${#args[@]} - 1)); fi
	if [[ $cur != -* ]] && ((n < ${#args[@]})); then
		word=${args[n]%...}
		if [[ $word != - ]]; then _xsteer_reply "$cur" "${word//,/ }"; fi
		if [[ ${args[n]} != *... ]]; then return; fi
	fi
	word=''
	for o in ${_xsteer_options[$key]:-}; do
		if [[ $seen != *" $o "* && ($o != -* || $cur == -*) ]]; then word+=" $o"; fi
	done
	_xsteer_reply "$cur" "$word"
}
complete -F _xsteer xsteer
