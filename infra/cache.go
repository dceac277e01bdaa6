package infra

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/elasticache"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// smallestCache is the size that a scaled-down standby keeps warm.
var smallestCache = CacheConfig{NodeType: "cache.t4g.small", Shards: 1, Replicas: 1}

// CacheArgs is what a Cache needs.
type CacheArgs struct {
	CacheConfig
	Scale    Scale
	Token    Secret
	Network  *Network
	Firewall *Firewall
	Secrets  *Secrets
}

// Cache is the Redis cluster of the region. ElastiCache sends its events to no
// encrypted topic; what they would say, the alarms do.
type Cache struct {
	pulumi.ResourceState

	Group    *elasticache.ReplicationGroup // nil if the scale is Absent
	Endpoint pulumi.StringOutput           // host:port of the cluster's configuration endpoint; "" without one

	size CacheConfig
}

// NewCache makes the cluster in the size that args.Scale says.
func NewCache(ctx *pulumi.Context, name string, args CacheArgs, opts ...pulumi.ResourceOption) (*Cache, error) {
	c := &Cache{Endpoint: pulumi.String("").ToStringOutput()}
	return c, component(ctx, "Cache", name, c, opts, func(s *scope) {
		c.size = args.CacheConfig
		switch args.Scale {
		case Absent, Zero:
			return
		case Minimum:
			c.size = smallestCache
		}
		c.cluster(s, args, c.size)
		// After the cluster: it holds the token that the cluster has taken.
		s.fill("connection", args.Secrets.Cache, pulumi.StringMap{"token": args.Token.Output(), "endpoint": c.Endpoint})
	})
}

// What an update does to the token that was: ElastiCache keeps it beside the new
// one, or ends it. It takes SET only for a token that was rotated in before
// (ElastiCache: Modifying the AUTH token), so that a rotation is two updates.
const (
	tokenRotate = "rotate"
	tokenSet    = "set"
)

// How long the provider waits: its default for an update, 40 minutes, is what a
// larger cluster takes to move its slots.
var cacheTimeouts = pulumi.Timeouts(&pulumi.CustomTimeouts{Create: "2h", Update: "3h", Delete: "1h"})

func (c *Cache) cluster(s *scope, args CacheArgs, size CacheConfig) {
	subnets := add(s, "subnets", elasticache.NewSubnetGroup, &elasticache.SubnetGroupArgs{
		SubnetIds: args.Network.Isolated, Tags: named(s, "cache")})
	c.Group = add(s, "cluster", elasticache.NewReplicationGroup, &elasticache.ReplicationGroupArgs{
		Description:               pulumi.String("Feeds, stories and sessions of newsfeed"),
		Engine:                    pulumi.String("redis"),
		EngineVersion:             pulumi.String("7.1"),
		NodeType:                  pulumi.String(size.NodeType),
		NumNodeGroups:             pulumi.Int(size.Shards),
		ReplicasPerNodeGroup:      pulumi.Int(size.Replicas),
		AutomaticFailoverEnabled:  pulumi.Bool(true), // cluster mode has it always
		MultiAzEnabled:            pulumi.Bool(size.Replicas > 0),
		Port:                      pulumi.Int(cachePort),
		ParameterGroupName:        cacheParameters(s).Name,
		SubnetGroupName:           subnets.Name,
		SecurityGroupIds:          pulumi.StringArray{args.Firewall.Group("cache")},
		AtRestEncryptionEnabled:   pulumi.Bool(true),
		KmsKeyId:                  args.Secrets.Key.Arn,
		TransitEncryptionEnabled:  pulumi.Bool(true),
		AuthToken:                 args.Token.Output(),
		AuthTokenUpdateStrategy:   pulumi.String(strings.ToUpper(args.TokenUpdate)),
		ApplyImmediately:          pulumi.Bool(true),
		AutoMinorVersionUpgrade:   pulumi.Bool(true),
		MaintenanceWindow:         pulumi.String("sun:20:30-sun:21:30"), // UTC, after the database's
		SnapshotRetentionLimit:    pulumi.Int(0),                        // all of it can be rebuilt from MySQL
		LogDeliveryConfigurations: cacheLogs(s, args.Secrets),
		Tags:                      named(s, "cache"),
	}, cacheTimeouts)
	c.Endpoint = pulumi.Sprintf("%s:%d", c.Group.ConfigurationEndpointAddress, cachePort)
}

// cacheLogs delivers what was slow, and what the engine says of itself.
func cacheLogs(s *scope, secrets *Secrets) elasticache.ReplicationGroupLogDeliveryConfigurationArray {
	return plural([]string{"slow", "engine"}, func(kind string) elasticache.ReplicationGroupLogDeliveryConfigurationInput {
		logs := add(s, kind, cloudwatch.NewLogGroup, logGroup(s, "cache-"+kind, secrets))
		return elasticache.ReplicationGroupLogDeliveryConfigurationArgs{
			Destination:     logs.Name,
			DestinationType: pulumi.String("cloudwatch-logs"),
			LogFormat:       pulumi.String("json"),
			LogType:         pulumi.String(kind + "-log"),
		}
	})
}

func cacheParameters(s *scope) *elasticache.ParameterGroup {
	parameters := []parameter{
		{name: "cluster-enabled", value: "yes"},
		{name: "maxmemory-policy", value: "allkeys-lru"},
		// A feed has up to 500 entries and a sentinel: as a listpack it takes a sixth.
		{name: "zset-max-listpack-entries", value: "512"},
	}
	return add(s, "parameters", elasticache.NewParameterGroup, &elasticache.ParameterGroupArgs{
		Family:      pulumi.String("redis7"),
		Description: pulumi.String("What newsfeed asks of Redis"),
		Parameters: elasticache.ParameterGroupParameterArray(plural(parameters, func(p parameter) elasticache.ParameterGroupParameterInput {
			return elasticache.ParameterGroupParameterArgs{Name: pulumi.String(p.name), Value: pulumi.String(p.value)}
		})),
		Tags: named(s, "parameters"),
	})
}

// node is the name of a node of the cluster, in the order of names: the shards one
// after the other.
func (c *Cache) node(i int) pulumi.StringOutput {
	return c.Group.MemberClusters.ApplyT(func(members []string) (string, error) {
		sorted := slices.Sorted(slices.Values(members))
		if i >= len(sorted) {
			return "", fmt.Errorf("the cluster has %d nodes, %v, and not the %d that it was asked for", len(sorted), sorted, i+1)
		}
		return sorted[i], nil
	}).(pulumi.StringOutput)
}
