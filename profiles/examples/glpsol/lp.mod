# A joinery decides how many tables and shelves to make in a week (linear).
# SPDX-License-Identifier: Apache-2.0
#
# The optimum by hand. Both resources are used up:
#     3 tables + 2 shelves = 120   (timber)
#       tables + 2 shelves =  80   (labour)
# so tables = 20, shelves = 30, profit = 9*20 + 7*30 = 390.
# Proof: with the prices 2.75 (timber) and 0.75 (labour) each product costs exactly its profit,
#     3*2.75 + 1*0.75 = 9 and 2*2.75 + 2*0.75 = 7,
# and the week's resources are worth 120*2.75 + 80*0.75 = 390, which no plan can exceed.

set PRODUCTS;
set RESOURCES;

param profit{PRODUCTS} >= 0;
param stock{RESOURCES} >= 0;
param need{RESOURCES, PRODUCTS} >= 0;

var make{PRODUCTS} >= 0;

maximize total_profit: sum{p in PRODUCTS} profit[p] * make[p];

subject to supply{r in RESOURCES}: sum{p in PRODUCTS} need[r, p] * make[p] <= stock[r];

solve;

printf "profit %g\n", total_profit;
printf{p in PRODUCTS} "%s %g\n", p, make[p];

data;

set PRODUCTS := table shelf;
set RESOURCES := timber labour;

param profit := table 9 shelf 7;
param stock := timber 120 labour 80;
param need : table shelf :=
    timber     3     2
    labour     1     2;

end;
