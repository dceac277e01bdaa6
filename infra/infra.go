package infra

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Deploy declares one stack, Seoul or Tokyo, as its config says.
func Deploy(ctx *pulumi.Context) error {
	c, err := loadConfig(ctx)
	if err != nil {
		return err
	}
	peer, err := readPeer(ctx, c)
	if err != nil {
		return err
	}
	return guard(func() { declare(ctx, &stack{Config: c, has: c.Holding(), peer: peer}) })
}

// declare is the diagram: users come in through DNS and the edge to the web
// group, which reads the cache and the database and queues work for the workers.
func declare(ctx *pulumi.Context, s *stack) {
	account := must(aws.GetCallerIdentity(ctx, nil)).AccountId
	zone := must(route53.LookupZone(ctx, &route53.LookupZoneArgs{Name: &s.Zone})).ZoneId

	s.secrets = must(NewSecrets(ctx, "secrets", SecretsArgs{account, s.Region, s.DatabasePassword, s.CacheToken, s.SlackWebhook}))
	s.alerting = must(NewAlerting(ctx, "alerting", AlertingArgs{account, s.Region, s.Tags, s.Functions, s.Runbook, s.secrets}))
	s.storage = must(NewStorage(ctx, "storage", StorageArgs{s.Artifact, s.Domain, account, s.secrets}))

	subnets := NetworkArgs{s.Network, s.Region, s.secrets}
	s.network = must(NewNetwork(ctx, "network", subnets))
	s.firewall = must(NewFirewall(ctx, "firewall", s.network))
	must(NewEndpoints(ctx, "endpoints", subnets, s.network, s.firewall))

	s.database = must(NewDatabase(ctx, "database", s.databaseArgs()))
	s.cache = must(NewCache(ctx, "cache", s.cacheArgs()))
	s.queue = must(NewQueue(ctx, "queue", s.secrets))

	s.edge = must(NewEdge(ctx, "edge", EdgeArgs{s.has.Front, s.Domain, zone, s.network, s.firewall, s.storage, s.alerting, s.command(showRefresh)}))
	s.dns = must(NewDNS(ctx, "dns", DNSArgs{s.Domain, zone, s.Region, s.has.Routing, s.Second(), s.fromBackups(), s.edge}))

	if s.has.Compute != Absent {
		identity := must(NewIdentity(ctx, "identity", IdentityArgs{s.secrets, s.storage, s.queue}))
		ami := must(newestImage(ctx))
		s.web = must(NewCompute(ctx, "web", s.webArgs(ami, identity)))
		s.worker = must(NewCompute(ctx, "worker", s.workerArgs(ami, identity)))
	}
	if s.Network.Peering {
		there := must(elsewhere(ctx, "peer", s.peer.Region, s.Tags))
		must(NewPeering(ctx, "peering", PeeringArgs{s.Network.CIDR, s.peer, there, s.network, s.firewall}))
		must(NewReplication(ctx, "replication", ReplicationArgs{s.peer, there, s.storage, s.secrets}))
	}
	s.watchdog = must(NewWatchdog(ctx, "watchdog", WatchdogArgs{s.Peer, s.Domain, s.Region, s.Functions, s.secrets}))
	alarms := must(NewAlarms(ctx, "alarms", s, s.alerting))
	must(NewDashboard(ctx, "dashboard", s.Region, alarms))
	must(NewCI(ctx, "ci", CIArgs{s.CI, account, s.regions()}))
	s.export(ctx)
}
