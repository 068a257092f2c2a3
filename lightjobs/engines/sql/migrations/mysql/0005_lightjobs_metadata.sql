-- Values that a project keeps next to its jobs, as JSON.
CREATE TABLE IF NOT EXISTS {job_metadata} (
  name varchar(191) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL PRIMARY KEY,
  value longtext CHARACTER SET utf8mb4 NOT NULL
) ENGINE=InnoDB;
