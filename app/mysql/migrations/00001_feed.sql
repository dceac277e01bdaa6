-- +goose Up
CREATE TABLE users (
  id       BINARY(16)     NOT NULL PRIMARY KEY,
  name     VARCHAR(40)    NOT NULL,
  name_key VARBINARY(240) NOT NULL,
  password VARBINARY(200) NOT NULL,
  friends  INT            NOT NULL DEFAULT 0,
  marker   BINARY(16)     NULL,
  UNIQUE KEY users_name (name_key)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE sessions (
  token_hash BINARY(32) NOT NULL PRIMARY KEY,
  user_id    BINARY(16) NOT NULL,
  expires_at BIGINT     NOT NULL,
  KEY sessions_expiry (expires_at)
) ENGINE = InnoDB;

CREATE TABLE friend_requests (
  to_id   BINARY(16) NOT NULL,
  from_id BINARY(16) NOT NULL,
  PRIMARY KEY (to_id, from_id)
) ENGINE = InnoDB;

-- Both directions of each friendship.
CREATE TABLE friendships (
  user_id   BINARY(16) NOT NULL,
  friend_id BINARY(16) NOT NULL,
  PRIMARY KEY (user_id, friend_id)
) ENGINE = InnoDB PARTITION BY KEY (user_id) PARTITIONS 32;

-- IDs begin with the time, so ranges of IDs are ranges of time.
CREATE TABLE stories (
  id         BINARY(16)     NOT NULL PRIMARY KEY,
  author_id  BINARY(16)     NOT NULL,
  kind       TINYINT        NOT NULL,
  body       VARCHAR(5000)  NOT NULL,
  link       VARBINARY(2000) NOT NULL,
  deleted_at BIGINT         NULL,
  KEY stories_author (author_id, id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
  PARTITION BY RANGE COLUMNS (id) (PARTITION rest VALUES LESS THAN (MAXVALUE));

CREATE TABLE media (
  story_id   BINARY(16)     NOT NULL,
  idx        TINYINT        NOT NULL,
  object_key VARBINARY(200) NOT NULL,
  type       VARBINARY(100) NOT NULL,
  bytes      BIGINT         NOT NULL,
  PRIMARY KEY (story_id, idx)
) ENGINE = InnoDB
  PARTITION BY RANGE COLUMNS (story_id) (PARTITION rest VALUES LESS THAN (MAXVALUE));

CREATE TABLE comments (
  story_id  BINARY(16)    NOT NULL,
  id        BINARY(16)    NOT NULL,
  author_id BINARY(16)    NOT NULL,
  body      VARCHAR(1000) NOT NULL,
  PRIMARY KEY (story_id, id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
  PARTITION BY RANGE COLUMNS (story_id) (PARTITION rest VALUES LESS THAN (MAXVALUE));

CREATE TABLE reactions (
  story_id BINARY(16) NOT NULL,
  user_id  BINARY(16) NOT NULL,
  kind     TINYINT    NOT NULL,
  PRIMARY KEY (story_id, user_id)
) ENGINE = InnoDB
  PARTITION BY RANGE COLUMNS (story_id) (PARTITION rest VALUES LESS THAN (MAXVALUE));

CREATE TABLE idempotency (
  author_id  BINARY(16)    NOT NULL,
  client_key VARBINARY(64) NOT NULL,
  digest     BINARY(32)    NOT NULL,
  story_id   BINARY(16)    NOT NULL,
  PRIMARY KEY (author_id, client_key),
  KEY idempotency_story (story_id)
) ENGINE = InnoDB;

-- What must reach the queue: written with the change, deleted when sent.
CREATE TABLE outbox (
  id      BINARY(16)     NOT NULL PRIMARY KEY,
  payload VARBINARY(500) NOT NULL
) ENGINE = InnoDB;

-- One row: the region that writes. The higher epoch is right.
CREATE TABLE region_lease (
  one    TINYINT      NOT NULL DEFAULT 1 PRIMARY KEY CHECK (one = 1),
  epoch  BIGINT       NOT NULL,
  writer VARCHAR(32)  NOT NULL,
  since  TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row, written each second in the region that writes: its age on a replica
-- is the replica's lag.
CREATE TABLE heartbeat (
  one TINYINT NOT NULL DEFAULT 1 PRIMARY KEY CHECK (one = 1),
  at  BIGINT  NOT NULL
) ENGINE = InnoDB;

-- +goose Down
DROP TABLE heartbeat, region_lease, outbox, idempotency, reactions, comments, media, stories,
  friendships, friend_requests, sessions, users;
