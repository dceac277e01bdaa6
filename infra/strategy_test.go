package infra

import "testing"

func TestRoleAndStrategyDecideWhatAStackHolds(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		role     Role
		strategy Strategy
		want     Holding
	}{
		"a primary holds everything whatever the strategy":         {Primary, BackupRestore, Holding{Writer, Full, Serving, Full, Failover}},
		"a primary with a pilot light does so too":                 {Primary, PilotLight, Holding{Writer, Full, Serving, Full, Failover}},
		"a primary with a warm standby does so too":                {Primary, WarmStandby, Holding{Writer, Full, Serving, Full, Failover}},
		"an active-active primary shares users by latency":         {Primary, ActiveActive, Holding{Writer, Full, Serving, Full, Latency}},
		"backup-restore keeps backups and a maintenance page":      {Standby, BackupRestore, Holding{BackupsOnly, Absent, Maintenance, Absent, Failover}},
		"a pilot light keeps a replica and empty groups":           {Standby, PilotLight, Holding{Replica, Absent, Serving, Zero, Failover}},
		"a warm standby keeps the least that serves":               {Standby, WarmStandby, Holding{Replica, Minimum, Serving, Minimum, Failover}},
		"an active-active standby is full, with a replica to read": {Standby, ActiveActive, Holding{Replica, Full, Serving, Full, Latency}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			config := &Config{Role: c.role, Strategy: c.strategy}
			if got := config.Holding(); got != c.want {
				t.Errorf("holds %+v, must hold %+v", got, c.want)
			}
		})
	}
}

func TestScaleSizesAGroup(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		scale            Scale
		smallest, wanted int
		largest          int
	}{
		"full is what is configured":                  {Full, 3, 3, 9},
		"the minimum is one, and may grow":            {Minimum, 3, 1, 9},
		"zero stays empty, or scaling would start it": {Zero, 3, 0, 0},
		"absent is empty":                             {Absent, 3, 0, 0},
	} {
		if low, high := c.scale.of(c.smallest, 9); low != c.wanted || high != c.largest {
			t.Errorf("%s: is %d to %d", sentence, low, high)
		}
	}
}
