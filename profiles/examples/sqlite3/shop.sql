-- A small shop's sales. Makes shop.db:  sqlite3 shop.db < shop.sql
-- SPDX-License-Identifier: Apache-2.0

PRAGMA page_size = 1024;

CREATE TABLE item (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    price_cents INTEGER NOT NULL
);

CREATE TABLE sale (
    day TEXT NOT NULL,
    item INTEGER NOT NULL REFERENCES item (id),
    quantity INTEGER NOT NULL
);

INSERT INTO item VALUES
    (1, 'lamp', 2450),
    (2, 'kettle', 3125),
    (3, 'clock', 1890);

INSERT INTO sale VALUES
    ('2024-03-01', 1, 2),
    ('2024-03-01', 2, 1),
    ('2024-03-02', 3, 4),
    ('2024-03-04', 1, 3),
    ('2024-03-05', 2, 2),
    ('2024-03-05', 3, 1);
