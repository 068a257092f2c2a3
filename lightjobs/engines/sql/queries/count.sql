-- How many jobs fit the filters.
SELECT count(*) FROM jobs WHERE {where}
