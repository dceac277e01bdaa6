package infra

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
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
	return guard(func() {
		account := must(aws.GetCallerIdentity(ctx, nil)).AccountId
		declare(ctx, &stack{Config: c, has: c.Holding(), peer: peer, account: account})
	})
}

// declare is the diagram: users come in through DNS and the edge to the web
// group, which reads the cache and the database and queues work for the workers.
func declare(ctx *pulumi.Context, s *stack) {
	globe := must(s.elsewhere(ctx, "world", world))
	s.secrets = must(NewSecrets(ctx, "secrets", SecretsArgs{s.account, s.Region, s.SlackWebhook}))
	s.alerting = must(NewAlerting(ctx, "alerting", AlertingArgs{s.account, s.Region, globe, s.Functions, s.Runbook, s.secrets}))
	s.storage = must(NewStorage(ctx, "storage", StorageArgs{s.Domain, s.account, s.Region, s.secrets}))
	s.queue = must(NewQueue(ctx, "queue", s.secrets))
	s.identity = must(NewIdentity(ctx, "identity", IdentityArgs{s.secrets, s.storage, s.queue, s.groupNames(), s.account, s.Region}))

	s.network = must(NewNetwork(ctx, "network", s.networkArgs()))
	s.firewall = must(NewFirewall(ctx, "firewall", s.network))
	must(NewEndpoints(ctx, "endpoints", s.networkArgs(), s.network, s.firewall))

	s.database = must(NewDatabase(ctx, "database", s.databaseArgs()))
	s.cache = must(NewCache(ctx, "cache", s.cacheArgs()))

	s.edge = must(NewEdge(ctx, "edge", EdgeArgs{s.has.Front, s.Domain, s.ZoneID, s.network, s.firewall, s.storage, s.secrets}))
	s.dns = must(NewDNS(ctx, "dns", DNSArgs{s.Domain, s.ZoneID, s.Region, s.has.Routing, s.Second(), s.fromBackups(), s.edge}))

	if s.has.Compute != Absent {
		s.web = must(NewCompute(ctx, "web", s.webArgs()))
		s.worker = must(NewCompute(ctx, "worker", s.workerArgs()))
	}
	if s.Network.Peering {
		there := must(s.elsewhere(ctx, "peer", s.peer.Region))
		must(NewPeering(ctx, "peering", PeeringArgs{s.Network.CIDR, s.peer, there, s.network}))
		must(NewReplication(ctx, "replication", ReplicationArgs{s.peer, there, s.storage, s.secrets}))
	}
	s.watchdog = must(NewWatchdog(ctx, "watchdog", WatchdogArgs{s.Peer, s.Domain, s.Region, s.Functions, s.secrets}))
	alarms := must(NewAlarms(ctx, "alarms", s, s.alerting))
	must(NewDashboard(ctx, "dashboard", s.Region, alarms))
	must(NewCI(ctx, "ci", CIArgs{s.CI, s.account, s.regions()}))
	s.export(ctx)
}
