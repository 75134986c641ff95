-- A shop, as in every tutorial.
CREATE TABLE contacts (
    contact_id INTEGER PRIMARY KEY,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE,
    phone TEXT
);
INSERT INTO contacts (first_name, last_name, email) VALUES ('David', 'Miller', 'david@example.com')
RETURNING contact_id;
--> 1
INSERT INTO contacts VALUES (NULL, 'Eva', 'Stone', 'eva@example.com', '555-1'), (7, 'Ada', 'King', 'ada@example.com', NULL);
SELECT contact_id, first_name || ' ' || last_name AS name FROM contacts ORDER BY last_name;
--> 7|Ada King
--> 1|David Miller
--> 2|Eva Stone
INSERT INTO contacts (first_name, last_name, email) VALUES ('Dave', 'M.', 'david@example.com');
--! 23505
INSERT OR IGNORE INTO contacts (first_name, last_name, email) VALUES ('Dave', 'M.', 'david@example.com');
SELECT count(*) FROM contacts;
--> 3
INSERT INTO contacts (first_name, last_name, email) VALUES ('Dave', 'M.', 'david@example.com')
ON CONFLICT (email) DO UPDATE SET first_name = excluded.first_name RETURNING contact_id, first_name, last_name;
--> 1|Dave|Miller
REPLACE INTO contacts VALUES (2, 'Eve', 'Stone', 'eve@example.com', NULL);
SELECT first_name, email, coalesce(phone, 'none') FROM contacts WHERE contact_id = 2;
--> Eve|eve@example.com|none
UPDATE contacts SET phone = '555-' || contact_id WHERE phone IS NULL RETURNING contact_id, phone;
--> 1|555-1
--> 2|555-2
--> 7|555-7
SELECT first_name FROM contacts WHERE email LIKE '%@example.com' AND first_name NOT LIKE 'D%' ORDER BY 1;
--> Ada
--> Eve
SELECT first_name FROM contacts WHERE first_name ILIKE 'd%';
--> Dave
DELETE FROM contacts WHERE contact_id = 7 RETURNING *;
--> 7|Ada|King|ada@example.com|555-7
ALTER TABLE contacts RENAME COLUMN phone TO telephone;
ALTER TABLE contacts ADD COLUMN active BOOLEAN DEFAULT TRUE;
SELECT telephone, active FROM contacts WHERE contact_id = 1;
--> 555-1|true
CREATE UNIQUE INDEX idx_contacts_name ON contacts (first_name, last_name);
SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL;
--> idx_contacts_name
DROP INDEX idx_contacts_name;
PRAGMA table_info(contacts);
--> 0|contact_id|INTEGER|0|NULL|1
--> 1|first_name|TEXT|1|NULL|0
--> 2|last_name|TEXT|1|NULL|0
--> 3|email|TEXT|1|NULL|0
--> 4|telephone|TEXT|0|NULL|0
--> 5|active|BOOLEAN|0|true|0
--- weather, as in PostgreSQL's tutorial
CREATE TABLE weather (city varchar(80), temp_lo int, temp_hi int, prcp real, date date);
CREATE TABLE cities (name varchar(80) primary key, state text);
INSERT INTO weather VALUES ('San Francisco', 46, 50, 0.25, '1994-11-27');
INSERT INTO weather (city, temp_lo, temp_hi, prcp, date) VALUES ('San Francisco', 43, 57, 0.0, '1994-11-29');
INSERT INTO weather (date, city, temp_hi, temp_lo) VALUES ('1994-11-29', 'Hayward', 54, 37);
INSERT INTO cities VALUES ('San Francisco', 'CA'), ('Reno', 'NV');
SELECT * FROM weather;
--> San Francisco|46|50|0.25|1994-11-27
--> San Francisco|43|57|0.0|1994-11-29
--> Hayward|37|54|NULL|1994-11-29
SELECT city, (temp_hi + temp_lo) / 2 AS temp_avg, date FROM weather WHERE prcp > 0.0;
--> San Francisco|48|1994-11-27
SELECT DISTINCT city FROM weather ORDER BY city;
--> Hayward
--> San Francisco
SELECT weather.city, cities.state FROM weather JOIN cities ON weather.city = cities.name ORDER BY date;
--> San Francisco|CA
--> San Francisco|CA
SELECT city, state FROM weather LEFT OUTER JOIN cities ON city = name WHERE state IS NULL;
--> Hayward|NULL
SELECT w.city, c.name FROM weather w FULL OUTER JOIN cities c ON w.city = c.name ORDER BY c.name, w.date;
--> NULL|Reno
--> San Francisco|San Francisco
--> San Francisco|San Francisco
--> Hayward|NULL
SELECT max(temp_lo) FROM weather;
--> 46
SELECT city FROM weather WHERE temp_lo = max(temp_lo);
--! 42803
SELECT city FROM weather WHERE temp_lo = (SELECT max(temp_lo) FROM weather);
--> San Francisco
SELECT city, count(*), max(temp_lo) FROM weather GROUP BY city HAVING max(temp_lo) < 40;
--> Hayward|1|37
SELECT city, count(*) FILTER (WHERE temp_lo < 45), max(temp_lo) FROM weather GROUP BY city ORDER BY city;
--> Hayward|1|37
--> San Francisco|1|46
UPDATE weather SET temp_hi = temp_hi - 2, temp_lo = temp_lo - 2 WHERE date > '1994-11-28';
DELETE FROM weather WHERE city = 'Hayward';
SELECT city, temp_lo, temp_hi FROM weather ORDER BY date;
--> San Francisco|46|50
--> San Francisco|41|55
CREATE VIEW myview AS SELECT name, temp_lo, temp_hi, prcp, date FROM weather, cities WHERE city = name;
SELECT name, prcp FROM myview ORDER BY prcp;
--> San Francisco|0.0
--> San Francisco|0.25
SELECT table_name, table_type FROM information_schema.tables ORDER BY table_name;
--> cities|BASE TABLE
--> myview|VIEW
--> weather|BASE TABLE
--- accounts and transactions
CREATE TABLE accounts (name TEXT PRIMARY KEY, balance NUMERIC(12,2) NOT NULL CHECK (balance >= 0));
INSERT INTO accounts VALUES ('Alice', 100.00), ('Bob', 50.00);
BEGIN;
UPDATE accounts SET balance = balance - 70.50 WHERE name = 'Alice';
UPDATE accounts SET balance = balance + 70.50 WHERE name = 'Bob';
COMMIT;
SELECT * FROM accounts ORDER BY name;
--> Alice|29.50
--> Bob|120.50
UPDATE accounts SET balance = balance - 100 WHERE name = 'Alice';
--! 23514
BEGIN;
SAVEPOINT my_savepoint;
UPDATE accounts SET balance = 0;
ROLLBACK TO SAVEPOINT my_savepoint;
UPDATE accounts SET balance = balance + 1 WHERE name = 'Bob';
COMMIT;
SELECT balance FROM accounts WHERE name = 'Bob';
--> 121.50
BEGIN IMMEDIATE;
DELETE FROM accounts;
ROLLBACK;
SELECT count(*), sum(balance), avg(balance) FROM accounts;
--> 2|151.00|75.5000000000000000
--- constraints and references
CREATE TABLE products (product_no integer PRIMARY KEY, name text, price numeric CHECK (price > 0), discounted_price numeric, CHECK (price > discounted_price));
CREATE TABLE orders (order_id integer PRIMARY KEY, shipping_address text);
CREATE TABLE order_items (
    product_no integer REFERENCES products ON DELETE RESTRICT,
    order_id integer REFERENCES orders ON DELETE CASCADE,
    quantity integer DEFAULT 1,
    PRIMARY KEY (product_no, order_id)
);
INSERT INTO products (product_no, name, price) VALUES (1, 'Cheese', 9.99), (2, 'Bread', 1.99);
INSERT INTO orders VALUES (10, 'Here'), (11, 'There');
INSERT INTO order_items (product_no, order_id) SELECT product_no, order_id FROM products CROSS JOIN orders;
SELECT count(*), sum(quantity) FROM order_items;
--> 4|4
INSERT INTO order_items VALUES (3, 10, 1);
--! 23503
DELETE FROM products WHERE product_no = 1;
--! 23503
DELETE FROM orders WHERE order_id = 10;
SELECT product_no, order_id FROM order_items ORDER BY 1;
--> 1|11
--> 2|11
PRAGMA foreign_key_list(order_items);
--> 0|0|products|product_no|NULL|NO ACTION|RESTRICT|NONE
--> 1|0|orders|order_id|NULL|NO ACTION|CASCADE|NONE
UPDATE products SET price = price * 1.10 WHERE price < 5 RETURNING name, round(price, 2) AS new_price;
--> Bread|2.19
UPDATE order_items SET quantity = p.product_no * 10 FROM products AS p WHERE p.product_no = order_items.product_no;
SELECT quantity FROM order_items ORDER BY quantity;
--> 10
--> 20
DELETE FROM order_items USING products AS p WHERE p.product_no = order_items.product_no AND p.name = 'Bread';
SELECT count(*) FROM order_items;
--> 1
--- queries of all kinds
CREATE TABLE emp (id INTEGER PRIMARY KEY, name TEXT, boss INTEGER, dept TEXT, salary INTEGER, hired DATE);
INSERT INTO emp VALUES (1, 'Alice', NULL, 'HQ', 300, '2010-01-15'), (2, 'Bob', 1, 'IT', 200, '2012-03-01'),
  (3, 'Cindy', 1, 'IT', 220, '2015-07-20'), (4, 'Dave', 2, 'IT', 150, '2020-02-29'), (5, 'Emma', 2, 'HQ', 90, '2021-12-31');
WITH RECURSIVE under_alice (name, level) AS (
    SELECT name, 0 FROM emp WHERE boss IS NULL
    UNION ALL
    SELECT emp.name, under_alice.level + 1 FROM emp JOIN under_alice ON (SELECT name FROM emp b WHERE b.id = emp.boss) = under_alice.name
)
SELECT level, name FROM under_alice ORDER BY level, name;
--> 0|Alice
--> 1|Bob
--> 1|Cindy
--> 2|Dave
--> 2|Emma
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n) FROM t;
--> 5050
SELECT dept, round(avg(salary)) AS mean, string_agg(name, ', ' ORDER BY name) FROM emp GROUP BY dept ORDER BY dept;
--> HQ|195.0|Alice, Emma
--> IT|190.0|Bob, Cindy, Dave
SELECT name FROM emp e WHERE salary > (SELECT avg(salary) FROM emp WHERE dept = e.dept) ORDER BY name;
--> Alice
--> Bob
--> Cindy
SELECT e.name, b.name AS boss FROM emp e LEFT JOIN emp b ON b.id = e.boss ORDER BY e.id LIMIT 3;
--> Alice|NULL
--> Bob|Alice
--> Cindy|Alice
SELECT name FROM emp ORDER BY hired DESC LIMIT 2 OFFSET 1;
--> Dave
--> Cindy
SELECT name FROM emp WHERE dept IN ('IT', 'R&D') AND salary BETWEEN 150 AND 200 ORDER BY name;
--> Bob
--> Dave
SELECT dept FROM emp WHERE salary > 100 INTERSECT SELECT dept FROM emp WHERE salary < 100;
--> HQ
SELECT name, CASE WHEN salary >= 220 THEN 'high' WHEN salary >= 150 THEN 'middle' ELSE 'low' END FROM emp WHERE id > 2 ORDER BY id;
--> Cindy|high
--> Dave|middle
--> Emma|low
SELECT strftime('%Y', hired) AS year, count(*) FROM emp GROUP BY year HAVING count(*) = 1 ORDER BY year LIMIT 2;
--> 2010|1
--> 2012|1
SELECT extract(year FROM hired), date_trunc('month', hired) FROM emp WHERE name = 'Cindy';
--> 2015|2015-07-01 00:00:00
SELECT name FROM emp WHERE NOT EXISTS (SELECT 1 FROM emp s WHERE s.boss = emp.id) ORDER BY name;
--> Cindy
--> Dave
--> Emma
SELECT name FROM emp WHERE salary >= ALL (SELECT salary FROM emp);
--> Alice
SELECT DISTINCT ON (dept) dept, name FROM emp ORDER BY dept, salary DESC;
--> HQ|Alice
--> IT|Cindy
SELECT (SELECT count(*) FROM emp) AS n, (SELECT name FROM emp WHERE id = 99) IS NULL AS none;
--> 5|true
SELECT name FROM emp WHERE (dept, salary) = ('IT', 200);
--> Bob
SELECT name FROM emp WHERE boss IS NOT DISTINCT FROM NULL;
--> Alice
SELECT naem FROM emp;
--! 42703
SELECT e.id, name FROM emp AS e NATURAL JOIN (SELECT 3 AS id) AS x;
--> 3|Cindy
--- values, types and casts
SELECT 7 / 2, 7 % 3, -7 / 2, 7.0 / 2, 2 ^ 10;
--> 3|1|-3|3.5000000000000000|1024.0
SELECT 0.1 + 0.2 = 0.3, 0.1e0 + 0.2e0 = 0.3e0;
--> true|false
SELECT CAST('42' AS INTEGER), '42'::integer + 1, CAST(3.7 AS INTEGER), CAST(12.345 AS NUMERIC(6,2));
--> 42|43|4|12.35
SELECT CAST('many' AS INTEGER);
--! 22P02
SELECT 9223372036854775807 + 1;
--! 22003
SELECT 10 / 0;
--! 22012
SELECT DATE '2024-02-28' + 2, DATE '2024-03-01' - DATE '2024-02-01', TIMESTAMP '2024-01-31 10:00' + INTERVAL '1 month';
--> 2024-03-01|29|2024-02-29 10:00:00
SELECT INTERVAL '1 day 2 hours' * 2, TIME '10:00' + INTERVAL '90 minutes';
--> 2 days 04:00:00|11:30:00
SELECT TRUE AND NULL, FALSE AND NULL, NULL OR TRUE, NOT NULL;
--> NULL|false|true|NULL
SELECT NULL = NULL, NULL IS NULL, coalesce(NULL, NULL, 3), nullif(5, 5);
--> NULL|true|3|NULL
SELECT X'53514C697465', length(X'0102'), hex('abc');
--> \x53514c697465|2|616263
SELECT typeof(1), typeof(1.0), typeof('x'), typeof(NULL), typeof(DATE '2024-01-01');
--> integer|numeric|text|null|date
SELECT upper('abc'), lower('ABC'), length('hello'), substr('SQLite', 1, 3), substring('Thomas' FROM 2 FOR 3);
--> ABC|abc|5|SQL|hom
SELECT trim('  x '), ltrim('xxabc', 'x'), rtrim('abcxx', 'x'), trim(BOTH 'yx' FROM 'yxTomxx');
--> x|abc|abc|Tom
SELECT replace('abcabc', 'b', 'X'), instr('hello', 'l'), position('om' IN 'Thomas'), left('abcde', 2), right('abcde', 2);
--> aXcaXc|3|3|ab|de
SELECT abs(-5), round(2.567, 2), ceil(1.2), floor(-1.2), sign(-3), max(1, 5, 3), min(2, 0);
--> 5|2.57|2|-2|-1|5|0
SELECT greatest(1, 9, 4), least('b', 'a'), iif(1 < 2, 'yes', 'no'), ifnull(NULL, 'x');
--> 9|a|yes|x
SELECT date('2024-01-31', '+1 day'), date('2024-05-15', 'start of month', '-1 day'), datetime(0, 'unixepoch');
--> 2024-02-01|2024-04-30|1970-01-01 00:00:00
SELECT printf('%05.2f|%s|%d', 3.14159, 'pi', 42), format('%s has %s', 'x', 'y');
--> 03.14|pi|42|x has y
SELECT to_char(DATE '2024-07-04', 'YYYY-MM-DD'), to_date('04/07/2024', 'DD/MM/YYYY'), make_date(2024, 7, 4);
--> 2024-07-04|2024-07-04|2024-07-04
SELECT '{"a": {"b": [10, 20]}}' -> 'a' ->> 'b', json_extract('{"a": {"b": [10, 20]}}', '$.a.b[1]');
--> [10,20]|20
SELECT json_object('id', 1, 'tags', json_array('x', 'y'));
--> {"id":1,"tags":["x","y"]}
SELECT 'a' < 'B', 'a' < 'B' COLLATE NOCASE, 'abc' LIKE 'ABC', 'abc' ILIKE 'A_C';
--> false|true|false|true
SELECT '50%' LIKE '50\%', 'a_b' LIKE 'a!_b' ESCAPE '!', 'x' IN (), 3 IN (1, 2, NULL);
--> true|true|false|NULL
SELECT 6 & 3, 6 | 3, 6 # 3, ~1, 1 << 4, 0x1F;
--> 2|7|5|-2|16|31
VALUES (1, 'one'), (2, 'two') ORDER BY 1 DESC;
--> 2|two
--> 1|one
SELECT * FROM generate_series(1, 10, 4);
--> 1
--> 5
--> 9
SELECT count(*), count(x), sum(x), total(x), avg(x), min(x), max(x) FROM (VALUES (1), (NULL), (5)) AS v (x);
--> 3|2|6|6.0|3.0|1|5
SELECT bool_and(x > 0), bool_or(x > 4), group_concat(x, '-'), count(DISTINCT x % 2) FROM (VALUES (1), (3), (5)) AS v (x);
--> true|true|1-3-5|1
SELECT random() <> random(), length(hex(randomblob(4))), current_date = date('now');
--> true|8|true
--- a to-do list with types of the dialect
CREATE TABLE todo (id SERIAL PRIMARY KEY, what VARCHAR(20) NOT NULL, done BOOLEAN NOT NULL DEFAULT FALSE, at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, meta JSON, key UUID);
INSERT INTO todo (what, meta, key) VALUES ('write', '{"p": 1}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11') RETURNING id, done, at > '2020-01-01', meta ->> 'p', key;
--> 1|false|true|1|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11
INSERT INTO todo (what) VALUES ('a text that is longer than twenty characters');
--! 22001
UPDATE todo SET done = NOT done WHERE what = 'write';
SELECT what FROM todo WHERE done;
--> write
CREATE TABLE archive AS SELECT id, what FROM todo WHERE done;
SELECT * FROM archive;
--> 1|write
CREATE TEMP VIEW open_items AS SELECT what FROM todo WHERE NOT done;
SELECT count(*) FROM open_items;
--> 0
DROP VIEW open_items;
ALTER TABLE todo RENAME TO tasks;
SELECT count(*) FROM tasks;
--> 1
DROP TABLE tasks;
SELECT name FROM sqlite_schema ORDER BY name;
--> archive
--- music, as in many a course
CREATE TABLE artists (artist_id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE);
CREATE TABLE albums (
    album_id INTEGER PRIMARY KEY, title TEXT NOT NULL, artist_id INTEGER NOT NULL,
    FOREIGN KEY (artist_id) REFERENCES artists (artist_id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE tracks (track_id INTEGER PRIMARY KEY, name TEXT, album_id INTEGER REFERENCES albums, ms INTEGER, price NUMERIC(4,2) DEFAULT 0.99);
CREATE INDEX tracks_by_album ON tracks (album_id, ms DESC);
INSERT INTO artists (name) VALUES ('AC/DC'), ('Accept'), ('Aerosmith');
INSERT INTO albums VALUES (1, 'For Those About To Rock', 1), (2, 'Balls to the Wall', 2), (3, 'Big Ones', 3), (4, 'Let There Be Rock', 1);
INSERT INTO tracks (name, album_id, ms) VALUES ('Evil Walks', 1, 263497), ('C.O.D.', 1, 199836), ('Fast As a Shark', 2, 230619), ('Crazy', 3, 316656), ('Overdose', 4, 369319), ('Dog Eat Dog', 4, 215196);
SELECT last_insert_rowid(), changes();
--> 6|6
SELECT ar.name, count(*) AS albums FROM artists ar JOIN albums al USING (artist_id) GROUP BY ar.artist_id ORDER BY albums DESC, ar.name;
--> AC/DC|2
--> Accept|1
--> Aerosmith|1
SELECT title, sum(ms) / 60000 || ' min' AS length FROM albums NATURAL JOIN tracks GROUP BY album_id, title ORDER BY sum(ms) DESC LIMIT 2;
--> Let There Be Rock|9 min
--> For Those About To Rock|7 min
SELECT name, round(ms / 60000.0, 2) AS minutes FROM tracks WHERE ms > (SELECT avg(ms) FROM tracks) ORDER BY ms;
--> Crazy|5.28
--> Overdose|6.16
SELECT time(ms / 1000, 'unixepoch') FROM tracks WHERE name = 'Crazy';
--> 00:05:16
SELECT substr(name, 1, 1) AS letter, count(*) FROM tracks GROUP BY letter ORDER BY 2 DESC, 1 LIMIT 3;
--> C|2
--> D|1
--> E|1
SELECT name FROM tracks WHERE album_id IN (SELECT album_id FROM albums WHERE artist_id = 1) AND price < 1 ORDER BY name;
--> C.O.D.
--> Dog Eat Dog
--> Evil Walks
--> Overdose
UPDATE tracks SET price = CASE WHEN ms > 300000 THEN 1.29 ELSE price END;
SELECT price, count(*) FROM tracks GROUP BY price ORDER BY price;
--> 0.99|4
--> 1.29|2
SELECT min(price), max(price), sum(price), round(stddev_pop(price), 3) FROM tracks;
--> 0.99|1.29|6.54|0.141
SELECT t.name, a.title FROM tracks t RIGHT JOIN albums a ON a.album_id = t.album_id AND t.price > 1 ORDER BY a.album_id;
--> NULL|For Those About To Rock
--> NULL|Balls to the Wall
--> Crazy|Big Ones
--> Overdose|Let There Be Rock
UPDATE artists SET artist_id = 30 WHERE name = 'Aerosmith';
SELECT artist_id FROM albums WHERE title = 'Big Ones';
--> 30
INSERT INTO artists (name) VALUES ('Queen') RETURNING artist_id;
--> 31
DELETE FROM tracks WHERE album_id = 3;
DELETE FROM artists WHERE artist_id = 30;
SELECT count(*) FROM albums;
--> 3
WITH long AS (SELECT album_id, max(ms) AS ms FROM tracks GROUP BY album_id)
SELECT t.name FROM tracks t JOIN long USING (album_id, ms) ORDER BY t.name;
--> Evil Walks
--> Fast As a Shark
--> Overdose
SELECT name, ms FROM tracks UNION ALL SELECT 'total', sum(ms) FROM tracks ORDER BY ms DESC LIMIT 2;
--> total|1278467
--> Overdose|369319
SELECT json_group_array(name ORDER BY name) FROM artists;
--> ["AC/DC","Accept","Queen"]
CREATE TABLE copy (name TEXT PRIMARY KEY, n INTEGER);
INSERT INTO copy SELECT name, 1 FROM artists WHERE TRUE ON CONFLICT (name) DO NOTHING;
INSERT INTO copy VALUES ('Queen', 5), ('Abba', 1) ON CONFLICT (name) DO UPDATE SET n = copy.n + excluded.n WHERE excluded.n > 1;
SELECT * FROM copy ORDER BY name COLLATE NOCASE;
--> Abba|1
--> AC/DC|1
--> Accept|1
--> Queen|6
SELECT name FROM pragma_table_info('copy');
--> name
--> n
SELECT group_concat(name, ' ' ORDER BY name) FROM sqlite_master WHERE type = 'table' AND name LIKE 'a%';
--> albums artists
