package infra

import (
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// stack is what has been declared, as far as instances and outputs need it.
type stack struct {
	*Config
	has  Holding
	peer *Peer

	secrets  *Secrets
	alerting *Alerting
	storage  *Storage
	network  *Network
	firewall *Firewall
	database *Database
	cache    *Cache
	queue    *Queue
	edge     *Edge
	dns      *DNS
	watchdog *Watchdog

	web, worker *Compute // nil if the strategy has none
}

// Second says whether this is the second of the two regions: the one that
// joined the first, and owns for good what joins them.
func (c *Config) Second() bool { return c.Network.Peering }

// fromBackups says whether the stack holds, or began with, nothing but the
// backups of the other region: it is the second one, under backup-restore.
func (c *Config) fromBackups() bool { return c.Strategy == BackupRestore && c.Second() }

// restored says whether the stack's database is made of those backups.
func (c *Config) restored() bool { return c.Role == Primary && c.fromBackups() }

// regions are the stacks of the whole: this one, and its peer if it has one.
func (c *Config) regions() []string {
	if c.Peer == "" {
		return []string{c.Stack}
	}
	return []string{c.Stack, c.Peer}
}

// peerServes says whether the other region is one that answers users: one that
// stands by without instances is unhealthy, and nothing is wrong with it.
func (c *Config) peerServes() bool {
	return c.Role == Standby || standby[c.Strategy].Compute >= Minimum
}

// databaseArgs picks what the stack holds of the database.
func (s *stack) databaseArgs() DatabaseArgs {
	args := DatabaseArgs{
		DatabaseConfig: s.Database,
		Kind:           s.has.Database,
		MultiAZ:        s.has.Compute == Full,
		Restore:        s.restored(),
		Password:       s.DatabasePassword,
		Network:        s.network, Firewall: s.firewall, Secrets: s.secrets, Alerting: s.alerting,
	}
	if s.has.Compute == Full {
		args.Replicas = s.Database.ReadReplicas
	}
	if s.peer != nil {
		args.Source = s.peer.DatabaseARN
	}
	return args
}

// cacheArgs sizes the cache by the strategy.
func (s *stack) cacheArgs() CacheArgs {
	return CacheArgs{
		CacheConfig: s.Cache,
		Scale:       s.has.Cache,
		Token:       s.CacheToken,
		Network:     s.network, Firewall: s.firewall, Secrets: s.secrets,
	}
}

// webArgs sizes the web group by the strategy.
func (s *stack) webArgs(ami string, identity *Identity) ComputeArgs {
	args := s.compute(ami, identity)
	args.Command, args.InstanceType, args.Edge = "web", s.Web.InstanceType, s.edge
	args.Min, args.Max = s.has.Compute.of(s.Web.Min, s.Web.Max)
	web := s.Web
	if s.has.Compute != Full {
		web.Schedule = nil // a sale is not the standby's, until it is promoted
	}
	args.Load = requests{web, s.edge}
	return args
}

// workerArgs sizes the worker group by the strategy.
func (s *stack) workerArgs(ami string, identity *Identity) ComputeArgs {
	args := s.compute(ami, identity)
	args.Command, args.InstanceType = "worker", s.Worker.InstanceType
	args.SpotPercent = s.Worker.SpotPercent
	args.Min, args.Max = s.has.Compute.of(s.Worker.Min, s.Worker.Max)
	args.Load = backlog{s.Worker, s.queue}
	return args
}

// compute is what both groups share.
func (s *stack) compute(ami string, identity *Identity) ComputeArgs {
	return ComputeArgs{
		Image:       ami,
		Identity:    identity,
		Migrate:     s.has.Database == Writer,
		Tags:        s.Tags,
		Environment: s.environment(),
		Roots:       s.storage.Roots,
		Network:     s.network, Firewall: s.firewall, Secrets: s.secrets,
	}
}

// environment is everything that the app is told. A standby reads its own
// replica and sends its writes to the primary, over the peering.
func (s *stack) environment() pulumi.StringMap {
	writer := s.database.Endpoint
	if s.has.Database == Replica {
		writer = pulumi.String(s.peer.DatabaseEndpoint).ToStringOutput()
	}
	writes := "local"
	if s.has.Routing == Latency {
		writes = "forward" // active-active: taken here, sent to the primary
	}
	health := ""
	if s.Peer != "" {
		health = regionHealthURL(s.Peer, s.Domain)
	}
	return pulumi.StringMap{
		"NEWSFEED_REGION":                      pulumi.String(s.Region),
		"NEWSFEED_PORT":                        pulumi.String(strconv.Itoa(appPort)),
		"NEWSFEED_DATABASE_WRITER":             writer,
		"NEWSFEED_DATABASE_READERS":            joined(s.database.Readers),
		"NEWSFEED_DATABASE_NAME":               pulumi.String(databaseName),
		"NEWSFEED_DATABASE_SECRET":             s.secrets.Database.Arn,
		"NEWSFEED_DATABASE_WRITER_CONNECTIONS": pulumi.String(strconv.Itoa(writerConnections)),
		"NEWSFEED_DATABASE_READER_CONNECTIONS": pulumi.String(strconv.Itoa(readerConnections)),
		"NEWSFEED_CACHE":                       s.cache.Endpoint,
		"NEWSFEED_CACHE_SECRET":                s.secrets.Cache.Arn,
		"NEWSFEED_QUEUE_URL":                   s.queue.FanOut.Url,
		"NEWSFEED_MEDIA_BUCKET":                s.storage.Media.Bucket,
		"NEWSFEED_ARTIFACT":                    s.storage.Binary,
		"NEWSFEED_PEER_HEALTH_URL":             pulumi.String(health),
		"NEWSFEED_WRITES":                      pulumi.String(writes),
		"NEWSFEED_DRAIN_SECONDS":               pulumi.String(strconv.Itoa(drainSeconds)),
	}
}

func joined(list pulumi.StringArray) pulumi.StringOutput {
	return list.ToStringArrayOutput().ApplyT(func(known []string) string {
		text := ""
		for i, one := range known {
			if i > 0 {
				text += ","
			}
			text += one
		}
		return text
	}).(pulumi.StringOutput)
}

// export writes the outputs: for people, and for the stack that stands by for
// this one (see Peer).
func (s *stack) export(ctx *pulumi.Context) {
	groups := pulumi.StringMap{}
	for _, name := range crossed {
		groups[name] = s.firewall.Group(name)
	}
	for name, value := range map[string]pulumi.Input{
		"region":         pulumi.String(s.Region),
		"role":           pulumi.String(string(s.Role)),
		"strategy":       pulumi.String(string(s.Strategy)),
		"url":            pulumi.String("https://" + s.Domain),
		"regionalUrl":    pulumi.String("https://" + s.dns.Regional),
		"albDnsName":     s.edge.Balancer.DnsName,
		"vpcId":          s.network.VPC.ID(),
		"vpcCidr":        pulumi.String(s.Network.CIDR),
		"routeTables":    s.network.Tables(),
		"securityGroups": groups,
		"mediaBucket":    s.storage.Media.Bucket,
		"keyArn":         s.secrets.Key.Arn,
		"queueUrl":       s.queue.FanOut.Url,
		"cacheEndpoint":  s.cache.Endpoint,
		"healthCheckId":  s.dns.Check.ID(),
		"alertTopics":    pulumi.StringArray{s.alerting.Topic.Arn, s.alerting.World.Arn},
		"deadLettersUrl": s.queue.Dead.Url,
	} {
		ctx.Export(name, value)
	}
	if s.edge.Targets != nil {
		ctx.Export("targetGroupArn", s.edge.Targets.Arn)
	}
	if s.web != nil {
		ctx.Export("webGroup", s.web.Group.Name)
		ctx.Export("workerGroup", s.worker.Group.Name)
	}
	if s.cache.Group != nil {
		ctx.Export("cacheGroup", s.cache.Group.ID())
	}
	if s.alerting.Slack != nil {
		ctx.Export("slackDeadLettersUrl", s.alerting.SlackDead.Url)
		ctx.Export("slackLogs", s.alerting.Slack.LoggingConfig.LogGroup())
	}
	if s.watchdog.Function != nil {
		ctx.Export("watchdogLogs", s.watchdog.Function.LoggingConfig.LogGroup())
	}
	if s.database.Instance != nil {
		ctx.Export("databaseArn", s.database.Instance.Arn)
		ctx.Export("databaseEndpoint", s.database.Endpoint)
		ctx.Export("databaseIdentifier", s.database.Instance.Identifier)
	}
}
