package rds

import (
	"context"
	"fmt"
	"maps"
	"strconv"

	"newsfeed/localcloud/cloud"
)

// known are the parameters that MariaDB has with the same meaning, by its name
// for them; others are recorded only.
var known = map[string]string{
	"max_connections": "max_connections", "max_connect_errors": "max_connect_errors",
	"wait_timeout": "wait_timeout", "interactive_timeout": "interactive_timeout",
	"net_read_timeout": "net_read_timeout", "net_write_timeout": "net_write_timeout",
	"slow_query_log": "slow_query_log", "long_query_time": "long_query_time", "log_output": "log_output",
	"innodb_lock_wait_timeout": "innodb_lock_wait_timeout", "lock_wait_timeout": "lock_wait_timeout",
	"max_execution_time":       "max_statement_time", // of every statement: MySQL's is of SELECT only
	"require_secure_transport": "require_secure_transport",
	"max_allowed_packet":       "max_allowed_packet",
	"character_set_server":     "character_set_server", "time_zone": "time_zone",
	"sync_binlog": "sync_binlog", "innodb_flush_log_at_trx_commit": "innodb_flush_log_at_trx_commit",
}

// defaults are what an instance has unless its group says otherwise, where
// RDS's differ from MariaDB's (RDS: the parameter groups of family mysql8.4).
var defaults = map[string]string{"log_output": "TABLE"}

// parameterGroups is the body of parameter groups: a change reaches the
// instances that use the group at once.
type parameterGroups struct{ *Service }

// A parameter is one of a group.
type parameter struct{ Name, Value, ApplyMethod string }

func (s parameterGroups) Apply(ctx context.Context, r, old *cloud.Resource) error {
	if old == nil {
		return nil // instances start with it
	}
	was, _, err := variables(old)
	if err != nil {
		return err
	}
	is, waiting, err := variables(r)
	if err != nil {
		return err
	}
	changed := map[string]string{}
	for name := range was {
		changed[name] = "DEFAULT"
	}
	maps.Copy(changed, is)
	maps.DeleteFunc(changed, func(name, value string) bool { return waiting[name] || was[name] == value })
	for _, db := range s.store.List(instanceType) {
		one, running := s.instances.Get(db.String("arn"))
		if !running || db.Region != r.Region || db.String("parameterGroupName") != r.ID {
			continue
		}
		if err := one.server().setVariables(ctx, changed); err != nil {
			return fmt.Errorf("parameter group %s: %s: %w", r.ID, db.ID, err)
		}
	}
	return nil
}

func (s parameterGroups) Remove(context.Context, *cloud.Resource) error { return nil }

// variables are the server variables that a group sets, and which of them wait
// for a reboot.
func variables(group *cloud.Resource) (set map[string]string, waiting map[string]bool, err error) {
	set, waiting = maps.Clone(defaults), map[string]bool{}
	if group == nil {
		return set, waiting, nil
	}
	var parameters []parameter
	if err := group.Decode("parameters", &parameters); err != nil {
		return nil, nil, fmt.Errorf("parameter group %s: %w", group.ID, err)
	}
	for _, p := range parameters {
		name, ok := known[p.Name]
		if !ok {
			continue
		}
		set[name], waiting[name] = p.Value, p.ApplyMethod == "pending-reboot"
		if name == "max_statement_time" { // seconds; MySQL's is in milliseconds
			ms, err := strconv.ParseFloat(p.Value, 64)
			if err != nil {
				return nil, nil, fmt.Errorf("parameter %s is %q: it is a number of milliseconds", p.Name, p.Value)
			}
			set[name] = strconv.FormatFloat(ms/1000, 'f', -1, 64)
		}
	}
	return set, waiting, nil
}

// setVariables changes the running server.
func (s *Server) setVariables(ctx context.Context, variables map[string]string) error {
	for name, value := range variables {
		if _, err := strconv.ParseFloat(value, 64); err != nil && value != "DEFAULT" {
			value = quote(value)
		}
		if err := s.exec(ctx, "SET GLOBAL "+name+" = "+value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
