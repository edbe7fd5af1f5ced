/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "numbers.h"

double root_mean_square(int n)
{
    double squares = 0;

    for (int i = 1; i <= n; i++)
        squares += (double)i * i;
    return sqrt(squares / n);
}
