// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The scale of the histograms against its definition, and quantiles of distributions whose quantiles are known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "user/observe/quant.h"

#define SCALE_ERROR 2e-7	/* 1125900 / 2^20 for 2^30 / 10^9 */

static long double bound_ns(int i)
{
	return powl(2, i / 8.0L - 20) * 1e9L;
}

/* Bucket i ends at 2^(i/8 - 20) s: just below is in it, just above is not; times are cut to units of 2^-30 s, hence the 2 ns. */
static void boundaries(void **state)
{
	for (int i = 0; i < XS_HIST_BUCKETS - 1; i++) {
		uint64_t below = floorl(bound_ns(i) * (1 - SCALE_ERROR)) - 2, above = ceill(bound_ns(i) * (1 + SCALE_ERROR)) + 2;

		assert_int_equal(xs_hist_index(below), i);
		assert_int_equal(xs_hist_index(above), i + 1);
		assert_true(fabs(xs_bound_s(i) / (double)(bound_ns(i) / 1e9L) - 1) < 1e-12);
	}
	assert_true(isinf(xs_bound_s(XS_HIST_BUCKETS - 1)));
}

static void ends(void **state)
{
	assert_int_equal(xs_hist_index(0), 0);
	assert_int_equal(xs_hist_index(1), 0);
	assert_int_equal(xs_hist_index(UINT64_MAX), XS_HIST_BUCKETS - 1);
	assert_int_equal(xs_hist_index(2000ULL * 1000000000), XS_HIST_BUCKETS - 1);
}

/* Every bucket is reached, none is passed over, none is met twice. */
static void monotonic(void **state)
{
	uint32_t last = 0, i;

	for (double ns = 1; ns < 1e13; ns *= 1.01) {
		i = xs_hist_index(ns);
		assert_true(i == last || i == last + 1);
		last = i;
	}
	assert_int_equal(last, XS_HIST_BUCKETS - 1);
}

static void count(struct xs_dist *d, uint64_t ns)
{
	struct xs_hist h = { .count = 1, .sum_ns = ns };

	h.bucket[xs_hist_index(ns)] = 1;
	xs_dist_add(d, &h);
}

#define SAMPLES 20000
/* The distribution with this inverse: its quantiles come back within the share @off. */
static void expect(double (*inverse)(double), double off)
{
	static const double q[] = { 0.01, 0.1, 0.5, 0.9, 0.99, 0.999 };
	struct xs_dist d = { 0 };
	double sum = 0;

	for (int i = 0; i < SAMPLES; i++) {
		count(&d, inverse((i + 0.5) / SAMPLES));
		sum += inverse((i + 0.5) / SAMPLES);
	}
	assert_int_equal(d.count, SAMPLES);
	assert_true(fabs(xs_mean_ns(&d) / (sum / SAMPLES) - 1) < 1e-3);
	for (size_t i = 0; i < sizeof(q) / sizeof(q[0]); i++)
		assert_true(fabs(xs_quant_ns(&d, q[i]) / inverse(q[i]) - 1) < off);
}

static double uniform(double q) { return 1e6 + q * 99e6; }
static double exponential(double q) { return -log1p(-q) * 250e6; }
static double pareto(double q) { return 5e5 * pow(1 - q, -0.7); }
static double constant(double q) { return 42e6; }

static void quantiles(void **state)
{
	expect(uniform, 0.05);		/* it ends within a bucket */
	expect(exponential, 0.01);
	expect(pareto, 0.025);		/* it begins within one */
	expect(constant, 0.0905);	/* one bucket: nothing finer is known */
}

static void of_nothing(void **state)
{
	struct xs_dist d = { 0 };
	unsigned int first, last;

	assert_int_equal(xs_quant_ns(&d, 0.5), 0);
	assert_int_equal(xs_mean_ns(&d), 0);
	assert_int_equal(xs_most_ns(&d), 0);
	assert_false(xs_span(&d, &first, &last));
}

/* The open ends: from 0 in the first bucket; in the last only "more than its lower bound" is known. */
static void of_ends(void **state)
{
	struct xs_dist d = { 0 };

	count(&d, 0);
	count(&d, 0);
	assert_int_equal(xs_quant_ns(&d, 0.5), llrintl(bound_ns(0) / 2));
	assert_int_equal(xs_most_ns(&d), llrintl(bound_ns(0)));
	memset(&d, 0, sizeof(d));
	count(&d, UINT64_MAX);
	assert_int_equal(xs_quant_ns(&d, 0.99), llrintl(bound_ns(XS_HIST_BUCKETS - 2)));
	assert_int_equal(xs_most_ns(&d), llrintl(bound_ns(XS_HIST_BUCKETS - 2)));
}

/* A gap between two heaps is no place for a quantile. */
static void of_two_heaps(void **state)
{
	struct xs_dist d = { 0 };

	for (int i = 0; i < 90; i++)
		count(&d, 1000000);
	for (int i = 0; i < 10; i++)
		count(&d, 1000000000);
	assert_true(xs_quant_ns(&d, 0.9) < 1100000);
	assert_true(xs_quant_ns(&d, 0.91) > 900000000);
	assert_true(xs_most_ns(&d) >= 1000000000 && xs_most_ns(&d) < 1100000000);
}

static void sums(void **state)
{
	struct xs_hist cpu = { .count = 0xffffffff, .sum_ns = 7 };
	struct xs_dist a = { 0 }, b = { 0 };

	cpu.bucket[100] = 0xffffffff;
	xs_dist_add(&a, &cpu);
	xs_dist_add(&a, &cpu);
	assert_int_equal(a.bucket[100], 2 * 0xffffffffULL);
	cpu.bucket[101] = 5;
	xs_dist_add(&b, &cpu);
	xs_dist_merge(&a, &b);
	assert_int_equal(a.bucket[100], 3 * 0xffffffffULL);
	assert_int_equal(a.bucket[101], 5);
	assert_int_equal(a.count, 3 * 0xffffffffULL + 5);
	assert_int_equal(a.sum_ns, 21);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boundaries), cmocka_unit_test(ends), cmocka_unit_test(monotonic), cmocka_unit_test(quantiles),
		cmocka_unit_test(of_nothing), cmocka_unit_test(of_ends), cmocka_unit_test(of_two_heaps), cmocka_unit_test(sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
