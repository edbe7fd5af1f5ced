/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NUMBERS_H
#define NUMBERS_H

/* How many primes there are below `limit`; their sum is stored in `*sum`. */
int count_primes(int limit, long *sum);

/* The root mean square of 1, 2, ..., n. */
double root_mean_square(int n);

#endif
