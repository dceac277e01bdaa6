package mysql

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	driver "github.com/go-sql-driver/mysql"

	"newsfeed/app"
)

// Server error numbers that the package reacts to.
const (
	errDatabaseDenied = 1044
	errAccessDenied   = 1045
	errNoDatabase     = 1049
	errDuplicate      = 1062
	errNoTable        = 1146
	errLockTimeout    = 1205
	errDeadlock       = 1213
)

func isNumber(err error, numbers ...uint16) bool {
	var e *driver.MySQLError
	if !errors.As(err, &e) {
		return false
	}
	for _, n := range numbers {
		if e.Number == n {
			return true
		}
	}
	return false
}

// inTrouble are the answers of a server that cannot serve now, whatever it is
// asked: no more connections, memory, disk; shutting down, read-only, an account
// that it does not take.
var inTrouble = []uint16{1021, 1037, 1040, 1041, errDatabaseDenied, errAccessDenied, errNoDatabase, 1053, 1079, 1114, 1129, 1130, 1158, 1159, 1160,
	1161, 1203, 1226, 1290, 1317, 1792, 1836, 1927, 3168, 4031}

// failure turns what the driver reports into the domain's errors: silence, and a
// server in trouble, mean that the database doesn't answer as it should. That it
// takes no statement of ours, or too long with one while it answers others, is
// our own fault.
func (db *DB) failure(err error) error {
	var known *app.Error
	var answer *driver.MySQLError
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, context.Canceled):
		return err
	case isNumber(err, errDuplicate, errDeadlock, errLockTimeout):
		return err
	case errors.As(err, &answer) && !isNumber(err, inTrouble...),
		errors.Is(err, context.DeadlineExceeded) && !db.away.Load():
		return fmt.Errorf("database: %w", err)
	}
	return app.Dependency(fmt.Errorf("database: %w", err))
}

// answer tells a refusal from silence, for who waits for the database to be there.
func answer(err error) error {
	var untrusted *tls.CertificateVerificationError
	switch {
	case err == nil:
		return nil
	case isNumber(err, errAccessDenied, errDatabaseDenied, errNoDatabase), errors.As(err, &untrusted):
		err = app.Refused(err)
	}
	return fmt.Errorf("database: %w", err)
}
