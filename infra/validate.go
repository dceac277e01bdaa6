package infra

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// problems collects what is wrong with a config, each with its path.
type problems []error

func (p *problems) add(path, format string, args ...any) {
	*p = append(*p, fmt.Errorf(namespace+path+": "+format, args...))
}

// require adds a problem unless ok.
func (p *problems) require(ok bool, path, format string, args ...any) {
	if !ok {
		p.add(path, format, args...)
	}
}

func (p *problems) oneOf(path, value string, allowed ...string) {
	p.require(slices.Contains(allowed, value), path, "is %q, must be one of %s", value, strings.Join(allowed, ", "))
}

func (p *problems) between(path string, value, low, high int) {
	p.require(low <= value && value <= high, path, "is %d, must be between %d and %d", value, low, high)
}

// Validate returns every mistake in the config at once, also those that AWS
// would accept and production would regret.
func (c *Config) Validate() error {
	var p problems
	c.validateStack(&p)
	c.validateNames(&p)
	c.validateSecrets(&p)
	c.Network.validate(&p, c.Region)
	p.require(c.Network.NAT != natNone || c.Peer == "", "network.nat", "is none, but there is the peer %s: instances could not ask it who writes, "+
		"nor send it what they may not write: use single", c.Peer)
	c.Web.validate(&p)
	c.Worker.validate(&p)
	c.Database.validate(&p)
	c.validateConnections(&p)
	c.Cache.validate(&p)
	c.validateAlarms(&p)
	return errors.Join(p...)
}

func (c *Config) validateStack(p *problems) {
	if c.Region == "" {
		*p = append(*p, errors.New("aws:region: is not set: set the stack's region, ap-northeast-2 for Seoul"))
	}
	p.oneOf("role", string(c.Role), string(Primary), string(Standby))
	p.oneOf("strategy", string(c.Strategy), string(BackupRestore), string(PilotLight), string(WarmStandby), string(ActiveActive))
	p.require(c.Peer != c.Stack || c.Peer == "", "peer", "is this stack itself: name the other one")
	p.require(c.Role != Standby || c.Peer != "", "peer", "is not set: a standby needs the stack that it stands by for")
	p.require(!c.Network.Peering || c.Peer != "", "peer", "is not set, but network.peering is: name the stack to join")
	c.validateRelease(p)
	for _, program := range []string{slackProgram, watchProgram} {
		p.built("functions", filepath.Join(c.Functions, program))
	}
	anchored := strings.Contains(c.Runbook, "#")
	p.require(c.Runbook != "" && !anchored, "runbook", "is %q, must be the address of docs/runbook.md, without an anchor", c.Runbook)
	p.require(!strings.Contains(c.Runbook, "://") || isHTTPS(c.Runbook), "runbook", "is %q, must be a path or an https:// address", c.Runbook)
	p.require(c.CI.Repository == "" || repositoryName.MatchString(c.CI.Repository), "ci.repository", "is %q, must be owner/name", c.CI.Repository)
	p.require(c.CI.State == "" || bucketName.MatchString(c.CI.State), "ci.state", "is %q, must be the name of a bucket", c.CI.State)
	p.require(c.CI.State == "" || c.CI.Repository != "", "ci.state", "is set, but ci.repository is not: nobody would read it")
}

var (
	repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$`)
	bucketName     = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
)

// built requires a program that make builds.
func (p *problems) built(path, file string) {
	if info, err := os.Stat(file); err != nil {
		p.add(path, "no file %s: build it first: make build, or make deploy, which does", file)
	} else if info.IsDir() {
		p.add(path, "%s is a directory, must be a program", file)
	}
}

// zoneID is Route 53's ResourceId without its path (API reference, HostedZone).
var zoneID = regexp.MustCompile(`^Z[A-Z0-9]{1,31}$`)

var domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$`)

func (c *Config) validateNames(p *problems) {
	p.require(domainName.MatchString(c.Domain), "domain", "is %q, must be a domain name in small letters", c.Domain)
	p.require(domainName.MatchString(c.Zone), "zone", "is %q, must be a domain name in small letters", c.Zone)
	inside := c.Domain == c.Zone || strings.HasSuffix(c.Domain, "."+c.Zone)
	p.require(inside, "domain", "%q is not in the zone %q: its records would have no home", c.Domain, c.Zone)
	p.require(zoneID.MatchString(c.ZoneID), "zoneId", "is %q, must be the ID of the hosted zone %s, like Z0123456789ABCDEFGHIJ: "+
		"aws route53 list-hosted-zones-by-name --dns-name %s", c.ZoneID, c.Zone, c.Zone)
}

var (
	passwordForm = regexp.MustCompile(`^[\x21-\x7e]{12,41}$`)
	tokenForm    = regexp.MustCompile(`^[A-Za-z0-9!&#$^<>-]{16,128}$`)
)

func (c *Config) validateSecrets(p *problems) {
	for _, s := range []struct {
		path   string
		secret Secret
	}{{"databasePassword", c.DatabasePassword}, {"cacheToken", c.CacheToken}, {"slackWebhook", c.SlackWebhook}} {
		p.require(s.secret.encrypted || !s.secret.Set(), s.path,
			"is not encrypted: run pulumi config set --secret %s%s", namespace, s.path)
	}
	good := passwordForm.MatchString(c.DatabasePassword.plain) && !strings.ContainsAny(c.DatabasePassword.plain, `/"@`)
	p.require(good, "databasePassword", `must be 12 to 41 printable characters without / " @ and space: `+
		"run pulumi config set --secret %sdatabasePassword", namespace)
	p.require(tokenForm.MatchString(c.CacheToken.plain), "cacheToken", "must be 16 to 128 letters, digits or !&#$^<>-: "+
		"run pulumi config set --secret %scacheToken", namespace)
	p.require(!c.SlackWebhook.Set() || isHTTPS(c.SlackWebhook.plain), "slackWebhook", "must be an https:// address, "+
		"as Slack shows it: run pulumi config set --secret %sslackWebhook", namespace)
}

// isHTTPS says whether text is the address of something under TLS.
func isHTTPS(text string) bool {
	address, err := url.Parse(text)
	return err == nil && address.Scheme == "https" && address.Hostname() != "" && address.User == nil
}

func (n NetworkConfig) validate(p *problems, region string) {
	prefix, err := netip.ParsePrefix(n.CIDR)
	switch {
	case err != nil:
		p.add("network.cidr", "is %q, must be a block like 10.20.0.0/16", n.CIDR)
	case prefix.Bits() != 16 || !prefix.Addr().Is4() || prefix.Masked() != prefix:
		p.add("network.cidr", "is %s, must be an IPv4 /16 without host bits: its subnets are /20s", n.CIDR)
	case !prefix.Addr().IsPrivate():
		p.add("network.cidr", "%s is a public address block, must be private", n.CIDR)
	}
	p.require(len(n.AZs) >= 2, "network.azs", "names %d availability zone, must name 2 or 3: one zone is one power cut away from nothing", len(n.AZs))
	p.require(len(n.AZs) <= 3, "network.azs", "names %d availability zones, must name 2 or 3", len(n.AZs))
	for i, az := range n.AZs {
		path := fmt.Sprintf("network.azs[%d]", i)
		good := strings.HasPrefix(az, region) && len(az) == len(region)+1
		p.require(good, path, "%q is not an availability zone of %s", az, region)
		p.require(!good || strings.Contains(zoneLetters, letter(az)), path, "%q has no block in the network: its zones are %s", az, zoneLetters)
		p.require(!slices.Contains(n.AZs[:i], az), path, "%q is there twice", az)
	}
	p.oneOf("network.nat", n.NAT, natPerAZ, natSingle, natNone)
	for i, endpoint := range n.Endpoints {
		path := fmt.Sprintf("network.endpoints[%d]", i)
		p.require(endpointName.MatchString(endpoint), path, "is %q, must be a service like secretsmanager", endpoint)
		p.require(endpoint != "s3", path, "s3 has its gateway endpoint already, which is free")
		p.require(!slices.Contains(n.Endpoints[:i], endpoint), path, "%q is there twice", endpoint)
	}
	if n.NAT == natNone {
		for _, need := range withoutNAT {
			p.require(slices.Contains(n.Endpoints, need), "network.endpoints", "lacks %s, which instances cannot reach with network.nat none", need)
		}
	}
}

var endpointName = regexp.MustCompile(`^[a-z][a-z0-9.-]+$`)

// withoutNAT is what an instance needs to reach when nothing routes it outside.
// The agent asks ec2 for the group that it reports for, the launch hook answers
// to autoscaling.
var withoutNAT = []string{"autoscaling", "ec2", "logs", "monitoring", "secretsmanager", "sqs", "ssm", "ssmmessages"}

func (w WebConfig) validate(p *problems) {
	p.instance("web.instanceType", w.InstanceType)
	p.between("web.min", w.Min, 1, 100)
	p.between("web.max", w.Max, 1, 200)
	p.require(w.Min <= w.Max, "web.max", "is %d, below web.min %d", w.Max, w.Min)
	p.between("web.cpuTarget", w.CPUTarget, 10, 90)
	p.between("web.requestsPerTarget", w.RequestsPerTarget, 1, 1_000_000)
	p.schedule(w)
}

func (w WorkerConfig) validate(p *problems) {
	p.instance("worker.instanceType", w.InstanceType)
	p.between("worker.min", w.Min, 1, 100)
	p.between("worker.max", w.Max, 1, 200)
	p.require(w.Min <= w.Max, "worker.max", "is %d, below worker.min %d", w.Max, w.Min)
	p.between("worker.backlogPerInstance", w.BacklogPerInstance, 1, 100_000)
	p.between("worker.spotPercent", w.SpotPercent, 0, 100)
}

// gp3 gives these for nothing below the size from which AWS lets them be chosen.
const (
	gp3ChoiceGiB   = 400
	gp3MinIOPS     = 12000
	gp3MaxIOPS     = 64000
	mibAConnection = 10 // what one connection may cost the database at worst
)

func (d DatabaseConfig) validate(p *problems) {
	memory := p.class("database.instanceClass", "db.", d.InstanceClass, databaseFamilies)
	p.between("database.storageGiB", d.StorageGiB, 20, 65536)
	// RDS refuses a maximum that is less than a tenth above the minimum.
	p.require(d.MaxStorageGiB*10 >= d.StorageGiB*11 && d.MaxStorageGiB <= 65536, "database.maxStorageGiB",
		"is %d, must be at least a tenth above storageGiB %d and at most 65536: a full disk stops every write", d.MaxStorageGiB, d.StorageGiB)
	if d.IOPS != 0 {
		p.require(d.StorageGiB >= gp3ChoiceGiB, "database.iops", "is %d, but gp3 below %d GiB has a fixed 3000: set 0", d.IOPS, gp3ChoiceGiB)
		p.between("database.iops", d.IOPS, gp3MinIOPS, gp3MaxIOPS)
	}
	p.between("database.maxConnections", d.MaxConnections, 50, 16000)
	if memory > 0 {
		most := memory * 1024 / mibAConnection
		p.require(d.MaxConnections <= most, "database.maxConnections", "is %d, but %s has memory for about %d", d.MaxConnections, d.InstanceClass, most)
	}
	p.between("database.readReplicas", d.ReadReplicas, 0, 15)
	p.require(d.BackupDays >= 1, "database.backupDays", "is %d: without backups there is neither a restore nor a replica", d.BackupDays)
	p.require(d.BackupDays <= 35, "database.backupDays", "is %d, must be at most 35", d.BackupDays)
}

// validateConnections: every instance of the region may fill its pools.
func (c *Config) validateConnections(p *problems) {
	instances := c.Web.Max + c.Worker.Max
	own := instances * (writerConnections + 1) // one more looks at who may write
	if c.Database.ReadReplicas == 0 {
		own += instances * readerConnections
	}
	most := c.Database.MaxConnections * 9 / 10
	p.require(own <= most, "database.maxConnections", "is %d, but the pools of web.max + worker.max = %d instances reach %d connections, "+
		"above 90%% of it (%d): raise it or lower web.max", c.Database.MaxConnections, instances, own, most)
}

func (c CacheConfig) validate(p *problems) {
	p.class("cache.nodeType", "cache.", c.NodeType, cacheFamilies)
	p.between("cache.shards", c.Shards, 1, 90)
	p.between("cache.replicas", c.Replicas, 1, 5)
	p.oneOf("cache.tokenUpdate", c.TokenUpdate, tokenRotate, tokenSet)
	nodes := c.Shards * (1 + c.Replicas)
	p.require(nodes <= cacheNodes, "cache.shards", "makes %d nodes with cache.replicas %d, above ElastiCache's %d", nodes, c.Replicas, cacheNodes)
}

// cacheNodes is how many nodes a cluster may have.
const cacheNodes = 90

// validateAlarms: an alarm whose threshold lies within what is normal is always
// on, and soon nobody reads it.
func (c *Config) validateAlarms(p *problems) {
	c.Alarms.validate(p)
	p.require(c.Alarms.CPUPercent > c.Web.CPUTarget, "alarms.cpuPercent", "is %d, not above web.cpuTarget %d, which scaling holds the group at",
		c.Alarms.CPUPercent, c.Web.CPUTarget)
	p.require(c.Alarms.FreeStorageGiB < c.Database.StorageGiB, "alarms.freeStorageGiB", "is %d, not below database.storageGiB %d: it would always be on",
		c.Alarms.FreeStorageGiB, c.Database.StorageGiB)
}

func (a AlarmsConfig) validate(p *problems) {
	for _, percent := range []struct {
		key   string
		value int
	}{
		{"errorPercent", a.ErrorPercent}, {"cpuPercent", a.CPUPercent}, {"memoryPercent", a.MemoryPercent},
		{"diskPercent", a.DiskPercent}, {"connectionsPercent", a.ConnectionsPercent}, {"cacheHitPercent", a.CacheHitPercent},
	} {
		p.between("alarms."+percent.key, percent.value, 1, 99)
	}
	p.between("alarms.latencySeconds", a.LatencySeconds, 1, 60)
	p.between("alarms.backlogSeconds", a.BacklogSeconds, 1, 3600)
	p.between("alarms.replicaLagSeconds", a.ReplicaLagSeconds, 1, 3600)
	p.between("alarms.freeStorageGiB", a.FreeStorageGiB, 1, 65536)
	p.between("alarms.visibleSeconds", a.VisibleSeconds, 1, 600)
}

// validatePeer checks what can only be known from the other stack's outputs.
func (c *Config) validatePeer(peer *Peer) error {
	var p problems
	p.require(peer.Region != c.Region, "peer", "%s is in %s as well: a region cannot stand by for itself", c.Peer, c.Region)
	p.require(!overlaps(c.Network.CIDR, peer.VPCCIDR), "network.cidr",
		"%s overlaps %s of %s: they could not be peered", c.Network.CIDR, peer.VPCCIDR, c.Peer)
	// Before the standby shrinks, users must be led away from it; before it is
	// led to, it must have grown. A promotion is not held up by it: there, the
	// other region does not answer.
	ours, theirs := standby[c.Strategy].Routing, standby[peer.Strategy].Routing
	p.require(c.Role == Primary || ours == Latency || theirs == Failover, "strategy",
		"%s is for a region that DNS sends nobody to, but %s (%s) is up and shares its users: change that stack first: make deploy STACK=%s",
		c.Strategy, c.Peer, peer.Strategy, c.Peer)
	return errors.Join(p...)
}
