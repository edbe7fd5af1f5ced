# Which parcels go into the van: the most valuable set that it can carry (binary).
# SPDX-License-Identifier: Apache-2.0
# The parcels are in mip.dat, with the optimum derived by hand.

set PARCELS;

param weight{PARCELS} > 0;
param value{PARCELS} >= 0;
param capacity > 0;

var take{PARCELS} binary;

maximize total_value: sum{p in PARCELS} value[p] * take[p];

subject to load: sum{p in PARCELS} weight[p] * take[p] <= capacity;

solve;

printf "value %g\n", total_value;
printf{p in PARCELS: take[p] > 0.5} "%s\n", p;

end;
