package rds

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Failover fails a Multi-AZ instance over, as RebootDBInstance with ForceFailover
// does: it returns when that has begun. The endpoint's address stays.
func (s *Service) Failover(region, id string) error {
	one, err := s.find(region, id)
	if err != nil {
		return err
	}
	if !s.store.Get(region, instanceType, id).Bool("multiAz") {
		// RDS's words, as found in public clients.
		return errors.New("InvalidParameterCombination: ForceFailover cannot be specified since the instance " +
			"is not configured for either MultiAZ or High Availability")
	}
	_, ok := one.begin(rebooting, func(ctx context.Context) error { return one.outage(ctx, failoverOutage) })
	if !ok {
		// terraform-provider-aws 11905
		return errors.New("InvalidDBInstanceState: Instance cannot currently reboot " +
			"due to an in-progress management operation")
	}
	return nil
}

// Backup backs an instance up for d of AWS: it serves, and can neither be
// modified nor promoted (RDS API: PromoteReadReplica). It returns when that has
// begun.
func (s *Service) Backup(region, id string, d time.Duration) error {
	one, err := s.find(region, id)
	if err != nil {
		return err
	}
	if _, ok := one.begin(backingUp, func(ctx context.Context) error { return s.clock.Sleep(ctx, d) }); !ok {
		return fmt.Errorf("InvalidDBInstanceState: Cannot create a snapshot because the database instance %s "+
			"is not currently in the available state", id)
	}
	return nil
}

// Slow makes every "create", "promote" or "modify" take d of AWS longer from now on.
func (s *Service) Slow(op string, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow[op] = d
}

func (s *Service) slowness(op string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slow[op]
}

func (s *Service) find(region, id string) (*instance, error) {
	if r := s.store.Get(region, instanceType, id); r != nil {
		if one, running := s.instances.Get(r.String("arn")); running {
			return one, nil
		}
	}
	return nil, fmt.Errorf("DBInstanceNotFound: DBInstance %s not found", id)
}
