package infra

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// stack is what has been declared, as far as instances and outputs need it.
type stack struct {
	*Config
	has     Holding
	peer    *Peer
	account string

	secrets  *Secrets
	identity *Identity
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
		Second:         s.Second(),
		Restore:        s.restored(),
		Password:       s.DatabasePassword,
		Monitor:        s.identity.Monitor,
		Network:        s.network, Firewall: s.firewall, Secrets: s.secrets, Alerting: s.alerting,
	}
	args.MultiAZ = s.Database.MultiAZ && s.has.Database != BackupsOnly && s.full()
	if s.full() {
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

// full says whether the strategy has this stack carry all users.
func (c *Config) full() bool { return c.Holding().Compute == Full }

// compute says how much the stack runs: nothing, before anything was released.
func (c *Config) compute() Scale {
	if scale := c.Holding().Compute; scale == Absent || c.Release.Set() {
		return scale
	}
	return Zero
}

// networkArgs leaves out what only instances need where there are none: gateways
// and endpoints are billed by the hour.
func (s *stack) networkArgs() NetworkArgs {
	args := NetworkArgs{s.Network, s.Region, s.secrets}
	if s.compute() <= Zero {
		args.NAT, args.Endpoints = natNone, nil
	}
	return args
}

// groupNames are those of the groups of instances. They are fixed, so that
// instances and commands know them.
func (c *Config) groupNames() map[string]string {
	names := map[string]string{}
	for _, command := range []string{"web", "worker"} {
		names[command] = fmt.Sprintf("%s-%s-%s", c.Project, c.Stack, command)
	}
	return names
}

// webArgs sizes the web group by the strategy, and by the sale that is on.
func (s *stack) webArgs() ComputeArgs {
	args := s.computeArgs("web")
	args.InstanceType, args.Edge = s.Web.InstanceType, s.edge
	web := s.Web
	smallest, largest := web.sizes(now())
	if !s.full() {
		web.Schedule = nil // a sale is not the standby's, until it is promoted
		smallest, largest = web.Min, web.Max
	}
	args.Min, args.Max = s.compute().of(smallest, largest)
	args.Load = requests{web, s.edge}
	return args
}

// workerArgs sizes the worker group by the strategy.
func (s *stack) workerArgs() ComputeArgs {
	args := s.computeArgs("worker")
	args.InstanceType = s.Worker.InstanceType
	args.SpotPercent = s.Worker.SpotPercent
	args.Min, args.Max = s.compute().of(s.Worker.Min, s.Worker.Max)
	args.Load = backlog{s.Worker, s.queue}
	return args
}

// computeArgs is what both groups share.
func (s *stack) computeArgs(command string) ComputeArgs {
	return ComputeArgs{
		Command:     command,
		GroupName:   s.groupNames()[command],
		Image:       s.Image,
		Identity:    s.identity,
		Tags:        s.Tags,
		Environment: s.environment(command),
		Network:     s.network, Firewall: s.firewall, Secrets: s.secrets,
	}
}

// environment is everything that the app is told: what does not change with the
// role. Where the stores are, which of them a promotion brings or moves, is in
// the secrets; who may write, instances learn as they run.
func (s *stack) environment(command string) pulumi.StringMap {
	peer, artifact := "", ""
	if s.Peer != "" {
		peer = regionURL(s.Peer, s.Domain)
	}
	if s.Release.Set() {
		artifact = fmt.Sprintf("s3://%s/%s", ArtifactsBucket(s.Project, s.account, s.Region), s.Release.Key())
	}
	return pulumi.StringMap{
		"AWS_REGION":                           pulumi.String(s.Region),
		"NEWSFEED_REGION":                      pulumi.String(s.Region),
		"NEWSFEED_GROUP":                       pulumi.String(s.groupNames()[command]),
		"NEWSFEED_PORT":                        pulumi.String(strconv.Itoa(appPort)),
		"NEWSFEED_DATABASE_NAME":               pulumi.String(databaseName),
		"NEWSFEED_DATABASE_SECRET":             s.secrets.Database.Arn,
		"NEWSFEED_DATABASE_WRITER_CONNECTIONS": pulumi.String(strconv.Itoa(writerConnections)),
		"NEWSFEED_DATABASE_READER_CONNECTIONS": pulumi.String(strconv.Itoa(readerConnections)),
		"NEWSFEED_CACHE_SECRET":                s.secrets.Cache.Arn,
		"NEWSFEED_QUEUE_URL":                   s.queue.FanOut.Url,
		"NEWSFEED_MEDIA_BUCKET":                s.storage.Media.Bucket,
		"NEWSFEED_ARTIFACT":                    pulumi.String(artifact),
		"NEWSFEED_PEER_URL":                    pulumi.String(peer),
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
		ctx.Export("runs", pulumi.Map{"web": s.web.runs(), "worker": s.worker.runs()})
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
