package rds

import (
	"context"
	"time"
)

// Status is how one instance does.
type Status struct {
	ID          string       `json:"id"`
	Region      string       `json:"region"`
	Role        string       `json:"role"` // primary, replica, or backups of one
	Endpoint    string       `json:"endpoint"`
	Available   bool         `json:"available"`
	Replication *Replication `json:"replication,omitempty"` // of a replica
	PID         int          `json:"pid"`
	// DBInstanceStatus is RDS's word for what is done to it; empty for backups
	// and for an instance that has no power.
	DBInstanceStatus string `json:"db_instance_status,omitempty"`
}

// Status asks every instance, those that are down included.
func (s *Service) Status(ctx context.Context) []Status {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var all []Status
	for _, r := range s.store.List(instanceType) {
		st := Status{ID: r.ID, Region: r.Region, Role: "primary", Endpoint: r.String("endpoint")}
		if r.String("replicateSourceDb") != "" {
			st.Role = "replica"
		}
		if one, running := s.instances.Get(r.String("arn")); running {
			server := one.server()
			st.DBInstanceStatus = one.now()
			status, following, err := server.replicaStatus(ctx)
			st.Available, st.PID = err == nil, server.PID()
			if following {
				st.Replication = &status
			}
		}
		all = append(all, st)
	}
	for _, r := range s.store.List(backupsType) {
		st := Status{ID: r.ID, Region: r.Region, Role: "backups"}
		if kept, running := s.shippers.Get(r.ID); running {
			st.Available, st.PID = kept.Current().Running(), kept.Current().PID()
		}
		all = append(all, st)
	}
	return all
}
