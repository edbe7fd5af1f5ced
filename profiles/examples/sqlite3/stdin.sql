-- Revenue by item, the best first. Read from standard input.
-- SPDX-License-Identifier: Apache-2.0
SELECT name, sum(quantity) AS sold, sum(quantity * price_cents) AS cents
FROM sale JOIN item ON item.id = sale.item
GROUP BY item.id
ORDER BY cents DESC;
