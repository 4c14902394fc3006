# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# xsteer: everything ends up in $(B); `make help` lists the targets.
B ?= build
V ?= 0
PREFIX ?= /usr/local
DESTDIR ?=
CC := gcc
CLANG := clang
BPFTOOL := $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
ARCH := $(shell uname -m)-linux-gnu

ifeq ($(V),1)
say =
else
say = @printf '  %-6s %s\n' $(1) $(patsubst $(B)/%,%,$@);
endif

WARN := -Wall -Wextra -Werror -Wno-unused-parameter
CFLAGS := -O2 -g -std=gnu11 $(WARN) -D_GNU_SOURCE -I. -I$(B)
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Werror -I. -I/usr/include/$(ARCH)
SAN := -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined
# Static where Debian has an archive, so that the program is one file to copy to a host of the same release.
LIBS := -Wl,-Bstatic -lxdp -lbpf -lelf -lz -lfyaml -ljansson -Wl,-Bdynamic -lsmartcols -lm
LIBS_accel := -lmicrohttpd -ljansson -lpthread -lm
LIBS_drive := -lcurl -ljansson -lsmartcols -lm
LIBS_bench := -Wl,-Bstatic -lbpf -lelf -lz -ljansson -Wl,-Bdynamic -lsmartcols -lm

SRC := $(wildcard user/base/*.c user/cmd/*.c user/load/*.c user/decide/*.c user/observe/*.c user/man/*.c user/shim/*.c)
OBJ := $(SRC:%.c=$(B)/obj/%.o) $(B)/obj/gen/cmd_table.o
LIBOBJ := $(patsubst %.c,$(B)/obj/%.o,$(wildcard user/shim/*.c))
SANOBJ := $(SRC:%.c=$(B)/san/%.o) $(B)/san/gen/cmd_table.o
BPFOBJ := $(patsubst bpf/%.bpf.c,$(B)/bpf/%.bpf.o,$(wildcard bpf/*.bpf.c)) $(patsubst tools/%.bpf.c,$(B)/bpf/%.bpf.o,$(wildcard tools/*.bpf.c))
SKEL := $(patsubst $(B)/bpf/%.bpf.o,$(B)/skel/%.skel.h,$(BPFOBJ))
# A tool is tools/NAME.c with its tools/NAME_*.c.
TOOLS := $(patsubst tools/%.c,$(B)/%,$(filter-out %.bpf.c $(wildcard tools/*_*.c),$(wildcard tools/*.c)))
TESTS := $(patsubst user/tests/%.c,$(B)/tests/%,$(wildcard user/tests/test_*.c)) $(B)/tests/frames $(B)/tests/storm
PAGES := $(B)/man/xsteer.8 $(B)/man/xsteer.yaml.5
# What C files include of the build: skeletons, the version, texts as string literals
GENH := $(SKEL) $(B)/gen/version.h $(patsubst user/man/%,$(B)/gen/%.h,$(filter-out %.c %.h,$(wildcard user/man/*)))

.DELETE_ON_ERROR:
.PHONY: all demo check fuzz corpus bench install uninstall clean help deps tests
.SECONDARY:

all: deps		## build everything (the default)
	@$(MAKE) --no-print-directory -j2 build-all
.PHONY: build-all
build-all: $(B)/xsteer $(B)/libxsteer-shim.a $(TOOLS) $(PAGES)

deps:			## find out which Debian packages are missing and install them
	@scripts/deps $(B)

demo: all		## client, host and three accelerators in namespaces: the main job on real traffic
	@scripts/demo.sh $(B)

check: all		## every test, or ONLY='t_batch sizes'; ends with `N passed, N failed, N skipped`
	@$(MAKE) --no-print-directory -j2 tests
	@scripts/check $(B) $(ONLY)

tests: $(TESTS) $(B)/fuzz_path

# What reaches something new is kept below $(B); `make corpus` then renews tools/corpus, the fewest inputs that reach as much code.
FUZZ_SECONDS ?= 600
FUZZ_MORE = @mkdir -p $(B)/corpus $(B)/seeds && $(B)/tests/frames --export $(B)/seeds
fuzz: $(B)/fuzz_path $(B)/tests/frames	## mutate frames through the packet path, built for this host with sanitizers
	$(FUZZ_MORE)
	nice -n 10 $(B)/fuzz_path $(FUZZ_FLAGS) -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$(B)/finding- $(B)/corpus tools/corpus $(B)/seeds

corpus: $(B)/fuzz_path $(B)/tests/frames	## keep what `make fuzz` has found to be worth it
	$(FUZZ_MORE) && rm -rf $(B)/merged && mkdir -p $(B)/merged tools/corpus
	$(B)/fuzz_path $(FUZZ_FLAGS) -use_counters=0 -set_cover_merge=1 $(B)/merged tools/corpus $(B)/seeds $(B)/corpus
	rm -rf tools/corpus && mv $(B)/merged tools/corpus

bench: all		## ns per packet and packets a second, as ratios to a classic balancer; ARGS=--steps: where the ns go
	@scripts/bench $(B) $(ARGS)

install: all		## install below $(DESTDIR)$(PREFIX)
	install -D -m 755 $(B)/xsteer $(DESTDIR)$(PREFIX)/sbin/xsteer
	install -D -m 644 $(B)/libxsteer-shim.a $(DESTDIR)$(PREFIX)/lib/libxsteer-shim.a
	install -D -m 644 user/shim/xsteer_shim.h $(DESTDIR)$(PREFIX)/include/xsteer_shim.h
	install -D -m 644 $(B)/man/xsteer.8 $(DESTDIR)$(PREFIX)/share/man/man8/xsteer.8
	install -D -m 644 $(B)/man/xsteer.yaml.5 $(DESTDIR)$(PREFIX)/share/man/man5/xsteer.yaml.5
	install -D -m 644 user/man/example.yaml $(DESTDIR)$(PREFIX)/share/doc/xsteer/example.yaml
	$(B)/xsteer completion bash > $(B)/completion
	install -D -m 644 $(B)/completion $(DESTDIR)$(PREFIX)/share/bash-completion/completions/xsteer

uninstall:		## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/sbin/xsteer $(DESTDIR)$(PREFIX)/lib/libxsteer-shim.a $(DESTDIR)$(PREFIX)/include/xsteer_shim.h \
	  $(DESTDIR)$(PREFIX)/share/man/man8/xsteer.8 $(DESTDIR)$(PREFIX)/share/man/man5/xsteer.yaml.5 $(DESTDIR)$(PREFIX)/share/doc/xsteer/example.yaml \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions/xsteer

clean:			## remove the build
	rm -rf $(B)

help:			## this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r t d; do printf '  make %-10s %s\n' "$$t" "$$d"; done

# BPF objects and their skeletons
$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $@.d -c $< -o $@
$(B)/bpf/%.bpf.o: tools/%.bpf.c
	$(call say,BPF)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $@.d -c $< -o $@
$(B)/skel/%.skel.h: $(B)/bpf/%.bpf.o
	$(call say,SKEL)mkdir -p $(@D) && $(BPFTOOL) gen skeleton $< name $* > $@

# The command table: every `const struct xs_cmd cmd_...` of user/cmd/, in the order of user/cmd/order
$(B)/gen/cmd_table.c: scripts/cmd-table user/cmd/order $(wildcard user/cmd/*.c)
	$(call say,GEN)mkdir -p $(@D) && scripts/cmd-table user/cmd/order user/cmd/*.c > $@

# Written anew only when it says something new
$(B)/gen/version.h: FORCE
	@mkdir -p $(@D) && scripts/version > $@.tmp && { cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@; }
.PHONY: FORCE
$(B)/gen/%.h: user/man/%
	$(call say,GEN)mkdir -p $(@D) && sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $< > $@

$(B)/obj/gen/%.o: $(B)/gen/%.c
	$(call say,CC)mkdir -p $(@D) && $(CC) $(CFLAGS) -MMD -MP -c $< -o $@
$(B)/obj/%.o: %.c | $(GENH)
	$(call say,CC)mkdir -p $(@D) && $(CC) $(CFLAGS) -MMD -MP -c $< -o $@
$(B)/san/gen/%.o: $(B)/gen/%.c
	$(call say,CC)mkdir -p $(@D) && $(CC) $(CFLAGS) $(SAN) -MMD -MP -c $< -o $@
$(B)/san/%.o: %.c | $(GENH)
	$(call say,CC)mkdir -p $(@D) && $(CC) $(CFLAGS) $(SAN) -MMD -MP -c $< -o $@

$(B)/xsteer: $(B)/obj/user/main.o $(OBJ)
	$(call say,LINK)$(CC) -o $@ $^ $(LIBS)
$(B)/libxsteer-shim.a: $(LIBOBJ)
	$(call say,AR)rm -f $@ && ar rcs $@ $^
$(B)/tests/frames: $(patsubst %.c,$(B)/san/%.o,$(wildcard user/tests/frames/*.c)) $(SANOBJ)
	$(call say,LINK)mkdir -p $(@D) && $(CC) $(SAN) -o $@ $^ $(LIBS)
STORM := $(wildcard user/tests/storm/*.c user/tests/frames/rows_*.c) $(addprefix user/tests/frames/,confs.c words.c build.c host.c devices.c)
$(B)/tests/storm: $(patsubst %.c,$(B)/obj/%.o,$(STORM)) $(OBJ)
	$(call say,LINK)mkdir -p $(@D) && $(CC) -o $@ $^ $(LIBS)
$(B)/tests/%: $(B)/san/user/tests/%.o $(SANOBJ)
	$(call say,LINK)mkdir -p $(@D) && $(CC) $(SAN) -o $@ $^ -lcmocka $(LIBS)
$(B)/%: $(B)/obj/tools/%.o $(B)/libxsteer-shim.a
	$(call say,LINK)$(CC) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS_$*)
$(B)/bench: $(patsubst %.c,$(B)/obj/%.o,$(filter-out %.bpf.c,$(wildcard tools/bench_*.c)) user/base/err.c user/base/mapio.c user/base/out.c)
$(B)/obj/tools/bench_out.o: CFLAGS += -DXS_CLANG='"$(shell $(CLANG) --version | head -1)"'
# Tools of several files: tools/NAME.c is main(), the rest is in tools/NAME/; tools/lib/ and parts of user/base/ are for all.
TOOLPARTS = $(patsubst %.c,$(B)/obj/%.o,$(wildcard tools/$(1)/*.c))
$(B)/accel: $(call TOOLPARTS,accel) $(call TOOLPARTS,lib) $(B)/obj/user/base/num.o
$(B)/drive: $(call TOOLPARTS,drive) $(call TOOLPARTS,lib) $(addprefix $(B)/obj/user/base/,num.o out.o err.o)
# The packet path on the host: the programs as they are with clang's sanitizers, over stand-ins for maps and helpers; the
# configuration comes by the real text path, but without mapio.c, which is one of the stand-ins.
FUZZ_FLAGS := -detect_leaks=0 -max_len=6000 -timeout=10 -print_final_stats=1
FUZZ_CFLAGS := -O2 -g -std=gnu11 $(WARN) -D_GNU_SOURCE -Itools/fuzz -I. -fno-strict-aliasing
FUZZ_SAN := -fsanitize=address,undefined -fno-sanitize=alignment -fno-sanitize-recover=undefined	# packets are not aligned
FUZZOBJ := $(patsubst %.c,$(B)/fuzz/%.o,$(wildcard tools/fuzz/*.c) $(addprefix user/tests/,storm/judge.c storm/change.c storm/places.c storm/odd.c storm/answer.c storm/read.c frames/confs.c frames/words.c frames/build.c)) \
	$(patsubst %.c,$(B)/obj/%.o,$(filter-out user/base/mapio.c,$(wildcard user/base/*.c user/decide/*.c)))
$(B)/fuzz/tools/fuzz/programs.o: FUZZ_SAN += -fsanitize=fuzzer-no-link
$(B)/fuzz/user/%.o $(B)/fuzz/tools/fuzz/mem.o: FUZZ_SAN :=
$(B)/fuzz/%.o: %.c
	$(call say,FUZZ)mkdir -p $(@D) && $(CLANG) $(FUZZ_CFLAGS) $(FUZZ_SAN) -MMD -MP -c $< -o $@
$(B)/fuzz_path: $(FUZZOBJ) $(B)/libxsteer-shim.a
	$(call say,LINK)$(CLANG) -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBS)

$(B)/man/xsteer.8: $(B)/xsteer
	$(call say,MAN)mkdir -p $(@D) && $(B)/xsteer help man > $@
$(B)/man/xsteer.yaml.5: $(B)/xsteer
	$(call say,MAN)mkdir -p $(@D) && $(B)/xsteer help config > $@

-include $(shell test -d $(B) && find $(B) -name '*.d')
