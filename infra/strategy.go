package infra

// Strategy is the disaster-recovery strategy: it decides what the standby holds.
type Strategy string

// The strategies, from the cheapest to the fastest to fail over.
const (
	BackupRestore Strategy = "backup-restore"
	PilotLight    Strategy = "pilot-light"
	WarmStandby   Strategy = "warm-standby"
	ActiveActive  Strategy = "active-active"
)

// Scale is how much of its configured size a part of a stack has.
type Scale int

// Absent is no resource at all; Zero is a group that is there but empty.
const (
	Absent Scale = iota
	Zero
	Minimum
	Full
)

// DatabaseKind is what a stack holds of the database.
type DatabaseKind int

// A stack with BackupsOnly keeps copies of the primary's automated backups.
const (
	BackupsOnly DatabaseKind = iota
	Replica
	Writer
)

// Front is what the load balancer answers with.
type Front int

// Maintenance is a fixed page, for a region that has nothing to serve with.
const (
	Maintenance Front = iota
	Serving
)

// Routing is how DNS chooses between the regions.
type Routing string

// Failover sends everybody to the first region while it is healthy; Latency
// sends everybody to the nearest healthy one.
const (
	Failover Routing = "failover"
	Latency  Routing = "latency"
)

// Holding is what one stack holds.
type Holding struct {
	Database DatabaseKind
	Cache    Scale // Minimum is one small shard
	Front    Front
	Compute  Scale // of the web and the worker group; Minimum is one instance each
	Routing  Routing
}

// standby is the table of the design: a row per strategy. MySQL has a single
// writer, so active-active means that both regions serve reads and that the
// standby's writes go to the primary over the peering.
var standby = map[Strategy]Holding{
	//             database     cache    front        compute  routing
	BackupRestore: {BackupsOnly, Absent, Maintenance, Absent, Failover},
	PilotLight:    {Replica, Absent, Serving, Zero, Failover},
	WarmStandby:   {Replica, Minimum, Serving, Minimum, Failover},
	ActiveActive:  {Replica, Full, Serving, Full, Latency},
}

// Holding says what the stack holds. A primary holds everything at full size,
// whatever the strategy, and shares only the routing with its standby.
func (c *Config) Holding() Holding {
	if c.Role == Primary {
		return Holding{Writer, Full, Serving, Full, standby[c.Strategy].Routing}
	}
	return standby[c.Strategy]
}

// of returns the smallest and the largest size of a group whose configured
// sizes are given. Autoscaling stays within them; the next scale is one word of
// config away.
func (s Scale) of(smallest, largest int) (minimum, maximum int) {
	switch s {
	case Full:
		return smallest, largest
	case Minimum:
		return min(1, smallest), largest
	default:
		return 0, 0
	}
}
