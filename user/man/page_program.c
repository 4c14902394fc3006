// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* xsteer(8) */
#include <string.h>
#include "maps/maps.h"
#include "user/base/mapio.h"
#include "user/base/opt.h"
#include "user/load/stamp.h"
#include "user/man/page.h"
#include "user/man/roff.h"

static void head(FILE *to)
{
	xs_roff_head("XSTEER", "8", "xsteer", "steer inference traffic at the NIC", to);
	fputs(".Sh SYNOPSIS\n.Nm xsteer\n", to);
	for (const struct xs_opt *o = xs_globals; o->name; o++) {
		if (!strcmp(o->name, "help") || !strcmp(o->name, "version"))
			continue;
		fprintf(to, ".Op Fl %c%s%s\n", o->letter, o->arg ? " Ar " : "", o->arg ?: "");
	}
	fputs(".Ar object command\n.Op Ar argument ...\n.Nm xsteer\n.Op Ar options\n.Ar command\n.Op Ar argument ...\n"
	      ".Nm xsteer\n.Cm help\n.Op Ar object Op Ar command\n.Sh DESCRIPTION\n", to);
	xs_roff_prose(
		"Clients open connections or send datagrams to the virtual address of a service. XDP and TC programs classify "
		"each first packet by tenant, SLO class and prompt prefix, as a small header (the shim) says them or as the "
		"client's address tells, choose a target by the placement rules, and rewrite this and all later packets "
		"of the flow on the way there and on the way back. Times are measured at the packets.\n\n"
		"All state is in pinned maps: `xsteer` works on them, and packets are steered while no process of it runs. "
		"The structure comes from a file (`xsteer apply`, see `xsteer.yaml`(5)), row by row (`xsteer target set` and its "
		"like), or from a router that writes rows into `xsteer feed -`. `xsteer show` prints it as a file again.\n\n"
		"Names of objects and commands are written in full. Lists take filters as pairs of key and value. "
		"`xsteer` `help` shows each command at the terminal.", to);
	fputs(".Sh OPTIONS\nThey stand before the object.\n.Pp\n", to);
	xs_roff_opts(xs_globals, to);
}

static void command(const struct xs_cmd *c, FILE *to)
{
	fputs(".It", to);
	fprintf(to, " Cm %s%s%s", c->object ?: "", c->object ? " " : "", c->name);
	xs_roff_args(c->args ?: "", to);
	for (const struct xs_opt *o = c->opts; o && o->name; o++) {
		fputs(" Oo", to);
		xs_roff_opt(o, true, to);
		fprintf(to, " Oc%s", o->many ? " Ns ..." : "");
	}
	fputc('\n', to);
	xs_roff_sentence(c->brief, to);
	if (c->text) {
		fputs(".Pp\n", to);
		xs_roff_prose(c->text, to);
	}
	if (c->opts && c->opts->name) {
		fputs(".Pp\n", to);
		xs_roff_opts(c->opts, to);
	}
	if (c->example)
		xs_roff_literal(c->example, to);
}

/* Commands of one object; NULL: those without */
static void commands_of(const char *object, FILE *to)
{
	fprintf(to, ".Ss %s%s\n.Bl -tag -width Ds\n", object ? "xsteer " : "The host and the instance", object ?: "");
	for (const struct xs_cmd *const *c = xs_cmds; *c; c++)
		if (object ? (*c)->object && !strcmp((*c)->object, object) : !(*c)->object)
			command(*c, to);
	fputs(".El\n", to);
}

static void commands(FILE *to)
{
	fputs(".Sh COMMANDS\n", to);
	commands_of(NULL, to);
	for (const struct xs_cmd *const *c = xs_cmds; *c; c++)
		if (xs_first_of_object(c))
			commands_of((*c)->object, to);
}

static void row(const char *name, const char *note, const char *help, FILE *to)
{
	fprintf(to, ".It Sy %s%s%s\n", name, *note ? " Pq " : "", note);
	xs_roff_sentence(help, to);
}

static void counted(FILE *to)
{
	fputs(".Sh REASONS\n", to);
	xs_roff_text("Every packet leaves the path for one reason, and each is counted. SEND goes to a target or back to the client, "
		     "PASS to the host's own stack, DROP nowhere; REFUSE is dropped and the client is told, as the service says. "
		     "`xsteer drop list` shows them, `xsteer metrics` as `xsteer_packets_total` with the label `reason`.", to);
	fputs(".Bl -tag -width Ds\n", to);
#define X(id, name, act, help) row(#name, #act, help, to);
	XS_REASONS(X)
#undef X
	fputs(".El\n.Sh COUNTERS\nCounted beside the reasons; in metrics as\n.Sy xsteer_NAME_total .\n.Bl -tag -width Ds\n", to);
#define X(id, name, help) row(#name, "", help, to);
	XS_COUNTERS(X)
	fputs(".El\n.Sh LATENCY\nMeasured for each service, tenant, class and target, as histograms of 9 % steps;\nin metrics as\n.Sy xsteer_NAME_seconds .\n.Bl -tag -width Ds\n", to);
	XS_METRICS(X)
#undef X
	fputs(".El\n", to);
}

/* The four facts of a map, parted by semicolons: key; who writes; who reads; what when full */
static void map(const char *name, const char *type, unsigned int entries, const char *who, const char *facts, FILE *to)
{
	static const char *const what[] = { "Key", "Written by", "Read by", "When full" };

	fprintf(to, ".It Sy %s Pq %s, %u%s\n", name, type, entries, strcmp(who, "ROOT") ? "" : ", for root only");
	for (int i = 0; i < 4; i++) {
		int n = i == 3 ? (int)strlen(facts) : (int)strcspn(facts, ";");
		char line[512];

		snprintf(line, sizeof(line), "%s: %.*s.", what[i], n, facts);
		xs_roff_text(line, to);
		facts += n;
		facts += strspn(facts, "; ");
	}
}

static void kernel_side(FILE *to)
{
	fprintf(to, ".Sh FEATURES\nFrozen when the programs are loaded; the verifier removes what is off.\n.Bl -tag -width Ds\n");
#define X(name, type, help) if (*help) row(#name, "", help, to);
	XS_FEATURES(X)
#undef X
	fprintf(to, ".El\n.Sh MAPS\nOf schema %d, pinned below the directory of the instance.\n"
		"The group of that directory reads them, but for those of root.\n"
		"Numbers are of rows;\n.Cm load\nmakes flow table, half-open store and latency series as large\nas it is asked to.\n.Bl -tag -width Ds\n", XS_SCHEMA);
#define X(name, type, key, value, entries, flags, who, facts) map(#name, #type, entries, #who, facts, to);
	XS_MAPS(X)
#undef X
	fputs(".El\n", to);
}

static void environment(FILE *to)
{
	fputs(".Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev NO_COLOR\n"
	      "If it is set, nothing is coloured;\nneither is anything that does not go to a terminal.\n"
	      ".It Ev LC_CTYPE\nBar charts use block characters where the character set is UTF-8.\n.El\n"
	      ".Sh FILES\n.Bl -tag -width Ds\n", to);
	fprintf(to, ".It Pa %s/INSTANCE/v%d/\nThe pinned maps and links of an instance.\n"
		"A lock on\n.Pa %s/INSTANCE\nis held by commands that write.\n"
		".It Pa %s/\nWhat stamps the connections of cgroups: of the host, for root only.\n"
		".It Pa /sys/class/net/\nWhere the completion of\n.Xr bash 1\nfinds devices.\n.El\n", XS_ROOT, XS_SCHEMA, XS_ROOT, XS_STAMP_DIR);
	fputs(".Sh EXIT STATUS\n.Bl -tag -width Ds -compact\n.It 0\nDone.\n.It 1\nRefused, nothing was changed:"
	      " a wrong configuration, an unknown name, no room.\n.It 2\nThe command line is wrong.\n"
	      ".It 3\nThe kernel or the environment said no.\n.It 4\nDone in part; the message says which.\n.El\n", to);
}

static void examples(FILE *to)
{
	fputs(".Sh EXAMPLES\nSteer on two devices by a file, look, and take a target out of service:\n", to);
	xs_roff_literal("xsteer probe\n"
			"xsteer load eth0 eth1\n"
			"xsteer apply xsteer.yaml --dry-run\n"
			"xsteer apply xsteer.yaml\n"
			"xsteer status\n"
			"xsteer target drain gpu0\n"
			"xsteer flow list target gpu0", to);
	fputs("Why would a client be sent where?\n", to);
	xs_roff_literal("xsteer explain --tcp --to 198.18.0.10:8000 --tenant acme --class interactive", to);
	fputs("What is refused, as JSON:\n", to);
	xs_roff_literal("xsteer -p drop list", to);
}

static void tail(FILE *to)
{
	fputs(".Sh DIAGNOSTICS\nAn error is one line on standard error:\nthe object, what is wrong, and what to try.\n"
	      "With\n.Fl j\nit is an object on standard output instead:\n", to);
	xs_roff_literal("{\"error\":{\"object\":\"target gpu9\",\"what\":\"no target has this name\",\"try\":\"see xsteer target list\"}}", to);
	fputs("A command that has several to tell, as\n.Cm apply\nwith its mistakes, prints a line for each;\n"
	      "in the object the further ones are an array,\n.Dq more .\n", to);
	fputs(".Sh SEE ALSO\n.Xr bash 1 ,\n.Xr xsteer.yaml 5 ,\n.Xr bpftool 8 ,\n.Xr ip 8 ,\n.Xr tc 8\n"
	      ".Sh CAVEATS\n", to);
	xs_roff_prose("TCP is placed at its SYN, before any byte. Requests that reuse a connection go where it went, and its "
		      "prefix and class are those of its first request. `xsteer flow list` shows requests placed beside requests "
		      "seen.\n\nAn address or port translation between the stamping host and this one breaks the tag of a shim.", to);
}

void xs_page_program(FILE *to)
{
	head(to);
	commands(to);
	counted(to);
	kernel_side(to);
	environment(to);
	examples(to);
	tail(to);
}
