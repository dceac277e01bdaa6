package rds

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

const replicationUser = "rdsrepladmin" // RDS's own name for it

// masterPrivileges are those of an RDS master user: all but the ones that
// reach the host or get past read_only.
const masterPrivileges = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, " +
	"SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, " +
	"REPLICA MONITOR, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER"

// bootstrap makes the master user, the database and the replication user.
// They reach replicas by replication.
func (s *Server) bootstrap(ctx context.Context, user, password, database, replication string) error {
	statements := []string{
		fmt.Sprintf("CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s", quote(user), quote(password)),
		fmt.Sprintf("GRANT %s ON *.* TO %s@'%%' WITH GRANT OPTION", masterPrivileges, quote(user)),
		fmt.Sprintf("CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s", quote(replicationUser), quote(replication)),
		fmt.Sprintf("GRANT REPLICATION SLAVE ON *.* TO %s@'%%'", quote(replicationUser)),
	}
	if database != "" {
		statements = append(statements, "CREATE DATABASE IF NOT EXISTS `"+strings.ReplaceAll(database, "`", "``")+"`")
	}
	var exists int
	err := s.admin.QueryRowContext(ctx, "SELECT COUNT(*) FROM mysql.user WHERE User = ?", replicationUser).Scan(&exists)
	if err != nil || exists > 0 {
		return err // its data is there: a restart, which must not write
	}
	return s.exec(ctx, statements...)
}

// follow makes the server a replica of source, from the beginning of its
// binary log. One that follows already goes on from where it was.
func (s *Server) follow(ctx context.Context, host string, port int, password, caFile string) error {
	if _, following, err := s.replicaStatus(ctx); err != nil || following {
		return err
	}
	return s.exec(ctx,
		fmt.Sprintf("CHANGE MASTER TO MASTER_HOST=%s, MASTER_PORT=%d, MASTER_USER=%s, MASTER_PASSWORD=%s, "+
			"MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1, MASTER_SSL=1, MASTER_SSL_CA=%s",
			quote(host), port, quote(replicationUser), quote(password), quote(caFile)),
		"START REPLICA")
}

// leaveSource ends the replication of a replica for good. It takes writes when
// it is started again.
func (s *Server) leaveSource(ctx context.Context) error {
	return s.exec(ctx, "STOP REPLICA", "RESET REPLICA ALL")
}

func (s *Server) setPassword(ctx context.Context, user, password string) error {
	return s.exec(ctx, fmt.Sprintf("ALTER USER %s@'%%' IDENTIFIED BY %s", quote(user), quote(password)))
}

func (s *Server) exec(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := s.admin.ExecContext(ctx, statement); err != nil {
			verb, _, _ := strings.Cut(statement, " ")
			return fmt.Errorf("%s: %w", verb, err) // the whole may hold a password
		}
	}
	return nil
}

// Replication is how a replica does.
type Replication struct {
	Running    bool    `json:"running"`         // both threads run
	LagSeconds float64 `json:"lag_seconds"`     // -1 when it is not known, as CloudWatch's ReplicaLag
	Error      string  `json:"error,omitempty"` // the last error of either thread
}

// replicaStatus reads SHOW REPLICA STATUS; following is false on a server that
// is no replica.
func (s *Server) replicaStatus(ctx context.Context) (_ Replication, following bool, err error) {
	rows, err := s.admin.QueryContext(ctx, "SHOW REPLICA STATUS")
	if err != nil {
		return Replication{}, false, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil || !rows.Next() {
		return Replication{}, false, errors.Join(err, rows.Err())
	}
	values := make([]sql.NullString, len(columns))
	targets := make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	if err := rows.Scan(targets...); err != nil {
		return Replication{}, false, err
	}
	field := map[string]sql.NullString{}
	for i, column := range columns {
		field[column] = values[i]
	}
	status := Replication{
		Running:    field["Slave_IO_Running"].String == "Yes" && field["Slave_SQL_Running"].String == "Yes",
		LagSeconds: -1,
		Error:      field["Last_IO_Error"].String + field["Last_SQL_Error"].String,
	}
	if lag := field["Seconds_Behind_Master"]; lag.Valid {
		if _, err := fmt.Sscan(lag.String, &status.LagSeconds); err != nil {
			return Replication{}, false, err
		}
	}
	return status, true, nil
}

func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
