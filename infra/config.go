package infra

import (
	"errors"
	"path/filepath"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// namespace of every key in Config, but for those of the provider.
const namespace = "newsfeed:"

// Role says whether this stack's database takes the writes.
type Role string

// The two roles. Exactly one stack is primary, but during a failover.
const (
	Primary Role = "primary"
	Standby Role = "standby"
)

// Config is everything that may be set for a stack, as Pulumi.yaml describes
// it. A key that is not here is an error.
type Config struct {
	Stack        string
	Organization string
	Project      string
	Region       string            // aws:region
	Tags         map[string]string // aws:defaultTags.tags
	Provider     ProviderConfig    // the rest of the aws namespace that counts

	Role      Role           `config:"role"`
	Peer      string         `config:"peer"`
	Strategy  Strategy       `config:"strategy"`
	Domain    string         `config:"domain"`
	Zone      string         `config:"zone"`
	ZoneID    string         `config:"zoneId"`
	Release   Release        `config:"release"`
	Image     string         `config:"image"`     // AMI of the instances
	Functions string         `config:"functions"` // absolute once loaded
	Runbook   string         `config:"runbook"`
	Network   NetworkConfig  `config:"network"`
	Web       WebConfig      `config:"web"`
	Worker    WorkerConfig   `config:"worker"`
	Database  DatabaseConfig `config:"database"`
	Cache     CacheConfig    `config:"cache"`
	Alarms    AlarmsConfig   `config:"alarms"`
	CI        CIConfig       `config:"ci"`

	DatabasePassword Secret `config:"databasePassword"`
	CacheToken       Secret `config:"cacheToken"`
	SlackWebhook     Secret `config:"slackWebhook"`
}

// NetworkConfig sizes the VPC.
type NetworkConfig struct {
	CIDR      string   `config:"cidr"` // a /16; subnets are /20s of it
	AZs       []string `config:"azs"`
	NAT       string   `config:"nat"`       // per-az, single or none
	Endpoints []string `config:"endpoints"` // interface endpoints, by service name
	Peering   bool     `config:"peering"`   // this stack owns what joins the two regions
}

// WebConfig sizes the web group.
type WebConfig struct {
	InstanceType      string           `config:"instanceType"`
	Min               int              `config:"min"`
	Max               int              `config:"max"`
	CPUTarget         int              `config:"cpuTarget"`         // percent
	RequestsPerTarget int              `config:"requestsPerTarget"` // a minute
	Schedule          []ScheduleConfig `config:"schedule"`
}

// WorkerConfig sizes the worker group.
type WorkerConfig struct {
	InstanceType       string `config:"instanceType"`
	Min                int    `config:"min"`
	Max                int    `config:"max"`
	BacklogPerInstance int    `config:"backlogPerInstance"` // messages
	SpotPercent        int    `config:"spotPercent"`        // of the instances above min
}

// DatabaseConfig sizes the database instance, its replicas and its backups.
type DatabaseConfig struct {
	InstanceClass  string `config:"instanceClass"`
	StorageGiB     int    `config:"storageGiB"`
	MaxStorageGiB  int    `config:"maxStorageGiB"`
	IOPS           int    `config:"iops"` // 0: what gp3 includes
	MaxConnections int    `config:"maxConnections"`
	MultiAZ        bool   `config:"multiAZ"`      // a standby in another zone, for an instance at full size
	ReadReplicas   int    `config:"readReplicas"` // in the region
	BackupDays     int    `config:"backupDays"`
}

// CacheConfig sizes the Redis cluster.
type CacheConfig struct {
	NodeType string `config:"nodeType"`
	Shards   int    `config:"shards"`
	Replicas int    `config:"replicas"` // of each shard
	// TokenUpdate is what an update of the token, or of this, does to the old
	// one: rotate keeps it beside the new one, set ends it.
	TokenUpdate string `config:"tokenUpdate"`
}

// AlarmsConfig holds the thresholds that differ between installations.
type AlarmsConfig struct {
	ErrorPercent       int `config:"errorPercent"`       // of requests, 5xx
	LatencySeconds     int `config:"latencySeconds"`     // p99
	CPUPercent         int `config:"cpuPercent"`         // instances, database, cache
	MemoryPercent      int `config:"memoryPercent"`      // instances, cache
	DiskPercent        int `config:"diskPercent"`        // instances
	BacklogSeconds     int `config:"backlogSeconds"`     // age of the oldest message
	ReplicaLagSeconds  int `config:"replicaLagSeconds"`  // cross-region
	FreeStorageGiB     int `config:"freeStorageGiB"`     // database
	ConnectionsPercent int `config:"connectionsPercent"` // of maxConnections
	CacheHitPercent    int `config:"cacheHitPercent"`
	VisibleSeconds     int `config:"visibleSeconds"` // post to feed
}

// CIConfig says which repository may preview and deploy from its workflows. An
// account has one identity provider for GitHub: one stack is enough.
type CIConfig struct {
	Repository string `config:"repository"` // owner/name; empty: no role is made
	State      string `config:"state"`      // bucket with the state of both stacks; empty: it is not in S3
}

// defaults returns what a stack gets where its file is silent.
func defaults() Config {
	return Config{
		Strategy:  WarmStandby,
		Functions: filepath.Join(".local", "bin", "arm64"),
		Runbook:   "docs/runbook.md",
		Network:   NetworkConfig{NAT: natPerAZ},
		Web:       WebConfig{InstanceType: "m7g.large", Min: 2, Max: 12, CPUTarget: 50, RequestsPerTarget: 6000},
		Worker:    WorkerConfig{InstanceType: "m7g.medium", Min: 1, Max: 6, BacklogPerInstance: 1000},
		Database: DatabaseConfig{InstanceClass: "db.m7g.large", StorageGiB: 100, MaxStorageGiB: 500,
			MaxConnections: 680, MultiAZ: true, BackupDays: 7},
		Cache: CacheConfig{NodeType: "cache.m7g.large", Shards: 2, Replicas: 1, TokenUpdate: tokenRotate},
		Alarms: AlarmsConfig{ErrorPercent: 1, LatencySeconds: 1, CPUPercent: 80, MemoryPercent: 85,
			DiskPercent: 80, BacklogSeconds: 60, ReplicaLagSeconds: 30, FreeStorageGiB: 10,
			ConnectionsPercent: 80, CacheHitPercent: 80, VisibleSeconds: 5},
	}
}

// loadConfig reads the stack's config over the defaults and validates it.
// The error holds every mistake, one a line, each with its config path.
func loadConfig(ctx *pulumi.Context) (*Config, error) {
	c := defaults()
	c.Stack, c.Project, c.Organization = ctx.Stack(), ctx.Project(), ctx.Organization()
	errs := []error{checkEnvironment(), loadProvider(ctx, &c)}

	value := reflect.ValueOf(&c).Elem()
	for i := range value.NumField() {
		key := value.Type().Field(i).Tag.Get("config")
		raw, set := ctx.GetConfig(namespace + key)
		if key == "" || !set {
			continue
		}
		if secret, ok := value.Field(i).Addr().Interface().(*Secret); ok {
			*secret = newSecret(raw, ctx.IsConfigSecret(namespace+key))
			continue
		}
		errs = append(errs, decode(namespace+key, raw, value.Field(i)))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err // the values below would only repeat it
	}
	if !filepath.IsAbs(c.Functions) {
		c.Functions = filepath.Join(ctx.RootDirectory(), c.Functions)
	}
	return &c, c.Validate()
}
