/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "numbers.h"

int main(void)
{
    long sum;
    int count = count_primes(1000, &sum);

    printf("primes below 1000: %d, sum %ld\n", count, sum);
    printf("root mean square of 1 to 24: %.6f\n", root_mean_square(24));
    return 0;
}
