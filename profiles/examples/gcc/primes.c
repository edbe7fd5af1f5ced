/* SPDX-License-Identifier: Apache-2.0 */
#include "numbers.h"

static int is_prime(int n)
{
    if (n < 2)
        return 0;
    for (int divisor = 2; divisor * divisor <= n; divisor++)
        if (n % divisor == 0)
            return 0;
    return 1;
}

int count_primes(int limit, long *sum)
{
    int count = 0;

    *sum = 0;
    for (int n = 2; n < limit; n++)
        if (is_prime(n)) {
            count++;
            *sum += n;
        }
    return count;
}
