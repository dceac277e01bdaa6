package main

// scenario is one change to both stacks brought up, and what comes of it.
type scenario struct {
	from    func(stack string, s settings) // brought up first; the committed config if nil
	edit    func(stack string, s settings)
	binary  bool              // another feed binary
	rotate  string            // a secret, drawn anew
	want    map[string]string // by stack, in its order: a line for each operation
	doubt   string            // what a preview has as updates besides: they take what AWS computes anew
	refused map[string]string // by stack: what the engine says instead, at up only if want says what it previews
}

// released is a new version of both launch templates. No group follows by itself:
// the roll moves the pointer that AWS owns.
const released = "update web-template worker-template"

// cacheNodes are the alarms of nodes that a resized cluster may name anew.
const cacheNodes = "alarms-cache-cpu-1 alarms-cache-evictions-1 alarms-cache-memory-1"

// nats are the ways out of instances in Tokyo, of which there are none without
// instances.
const nats = "network-nat-a network-nat-a-address network-nat-c network-nat-c-address network-nat-d network-nat-d-address " +
	"network-private-a-nat network-private-c-nat network-private-d-nat"

// slack sets the webhook as a committed secret, whose key is not here.
var slack = on("seoul", func(s settings) { s["newsfeed:slackWebhook"] = map[string]any{"secure": "v1:committed"} })

var scenarios = map[string]scenario{
	"nothing changed": {want: map[string]string{"seoul": "", "tokyo": ""}},
	"a new binary is a new version of the templates, and touches nothing else": {
		binary: true,
		want:   map[string]string{"seoul": released, "tokyo": released}},
	"so is a newer AMI": {
		edit: on("seoul", func(s settings) { s["newsfeed:image"] = "ami-0123456789abcdef0" }),
		want: map[string]string{"seoul": released}},
	"so is another instance type, of its template": {
		edit: on("seoul", func(s settings) { s.nested("web")["instanceType"] = "m7g.xlarge" }),
		want: map[string]string{"seoul": "update web-template"}},
	"a larger group is resized, not rolled": {
		edit: on("seoul", func(s settings) { s.nested("web")["min"] = 3 }),
		want: map[string]string{"seoul": "update alarms-edge-too-few-hosts web-group"}},
	"a larger database is changed in place": {
		edit: on("seoul", func(s settings) { s.nested("database")["instanceClass"] = "db.m7g.xlarge" }),
		want: map[string]string{"seoul": "update alarms-database-memory database-instance"}},
	"a database parameter changes its group only": {
		edit: on("seoul", func(s settings) { s.nested("database")["maxConnections"] = 700 }),
		want: map[string]string{"seoul": "update alarms-database-connections database-parameters"}},
	"a read replica is added, and instances learn of it by the secret": {
		edit: on("seoul", func(s settings) { s.nested("database")["readReplicas"] = 1 }),
		want: map[string]string{"seoul": "create alarms-database-reader-lag-1 database-reader-1\n" +
			"replace database-connection\nupdate dashboard-region"}},
	"another database password reaches the database and its secret": {
		rotate: "databasePassword",
		want:   map[string]string{"seoul": "replace database-connection\nupdate database-instance"}},
	"another cache token reaches the cache and its secret": {
		rotate: "cacheToken",
		want:   map[string]string{"seoul": "replace cache-connection\nupdate cache-cluster"}},
	"a threshold changes its alarms": {
		edit: on("seoul", func(s settings) { s.nested("alarms")["cpuPercent"] = 90 }),
		want: map[string]string{"seoul": "update alarms-cache-cpu-1 alarms-cache-cpu-2 alarms-database-cpu alarms-web-cpu alarms-worker-cpu"}},
	"another default tag reaches everything tagged, of every provider": {
		edit: on("tokyo", func(s settings) {
			s["aws:defaultTags"].(map[string]any)["tags"].(map[string]any)["Project"] = "renamed"
		}),
		want: map[string]string{"tokyo": "update everything tagged network-default-group web-group worker-group"}},
	"one NAT gateway for all zones removes the others": {
		edit: on("seoul", func(s settings) { s.nested("network")["nat"] = "single" }),
		want: map[string]string{"seoul": "delete network-nat-b network-nat-b-address network-nat-c network-nat-c-address\n" +
			"update network-private-b-nat network-private-c-nat"}},
	"a read replica is removed, and the secret forgets it": {
		from: on("seoul", func(s settings) { s.nested("database")["readReplicas"] = 1 }),
		want: map[string]string{"seoul": "delete alarms-database-reader-lag-1 database-reader-1\n" +
			"replace database-connection\nupdate dashboard-region"}},
	"a webhook of Slack brings the function that tells on-call": {
		edit: slack,
		want: map[string]string{"seoul": "create alarms-slack-dead alarms-slack-function alerting-slack alerting-slack-dead " +
			"alerting-slack-dead-policy alerting-slack-logs " +
			"alerting-slack-may alerting-slack-role alerting-slack-topic alerting-slack-topic-may alerting-slack-world-topic " +
			"alerting-slack-world-topic-may secrets-slack secrets-slack-value\nupdate dashboard-region"}},
	"a webhook that is taken away is refused: its secret is protected": {
		from:    slack,
		refused: map[string]string{"seoul": "Secrets$aws:secretsmanager/secret:Secret::secrets-slack\" cannot be deleted"}},
	"another network is refused: the VPC holds the data stores": {
		edit:    on("seoul", func(s settings) { s.nested("network")["cidr"] = "10.40.0.0/16" }),
		refused: map[string]string{"seoul": "Network$aws:ec2/vpc:Vpc::network-vpc\"\n  as it is currently marked for protection"}},
	"the standby is promoted in place, and its secrets and templates stay": {
		edit:  on("tokyo", func(s settings) { s["newsfeed:role"] = "primary" }),
		doubt: cacheNodes,
		want: map[string]string{"tokyo": "create alarms-cache-cpu-2 alarms-cache-evictions-2 alarms-cache-memory-2\n" +
			"delete alarms-database-replica-lag alarms-database-replication-stopped\n" +
			"update alarms-edge-too-few-hosts alarms-region-impaired cache-cluster dashboard-region database-instance web-group"}},
	"a primary is not demoted in place: the user and the name that it was made with are not a replica's": {
		edit: func(stack string, s settings) {
			s["newsfeed:role"] = map[string]string{"seoul": "standby", "tokyo": "primary"}[stack]
		},
		refused: map[string]string{"seoul": `"username" conflicts with "replicateSourceDb"`}},
	"warm-standby to pilot-light empties the groups, closes their ways out and drops the cache": {
		edit: strategy("pilot-light"),
		want: map[string]string{"seoul": "update alarms-peer",
			"tokyo": "delete alarms... cache-cluster cache-connection cache-engine cache-parameters cache-slow cache-subnets " + nats +
				" web-cpu web-requests worker-backlog\n" +
				"update alarms-region-impaired dashboard-region web-group worker-group"}},
	"pilot-light to warm-standby fills the groups, opens their ways out and brings a cache": {
		from: strategy("pilot-light"), edit: strategy("warm-standby"),
		want: map[string]string{"seoul": "update alarms-peer",
			"tokyo": "create alarms... cache-cluster cache-connection cache-engine cache-parameters cache-slow cache-subnets " + nats +
				" web-cpu web-requests worker-backlog\n" +
				"update alarms-region-impaired dashboard-region web-group worker-group"}},
	"warm-standby to active-active raises the standby and routes by latency": {
		edit:  strategy("active-active"),
		doubt: cacheNodes,
		want: map[string]string{"seoul": "update dns-answer",
			"tokyo": "create alarms-cache-cpu-2 alarms-cache-evictions-2 alarms-cache-memory-2\n" +
				"update alarms-edge-too-few-hosts cache-cluster dashboard-region database-instance web-group"}},
	"active-active to warm-standby lowers it and routes by failover": {
		from: strategy("active-active"), edit: strategy("warm-standby"),
		doubt: cacheNodes,
		want: map[string]string{"seoul": "update dns-answer",
			"tokyo": "delete alarms-cache-cpu-2 alarms-cache-evictions-2 alarms-cache-memory-2\n" +
				"update alarms-edge-too-few-hosts cache-cluster dashboard-region database-instance web-group"}},
	"warm-standby to backup-restore is refused: the replica goes by hand": {
		edit:    strategy("backup-restore"),
		want:    map[string]string{"seoul": "update alarms-peer"},
		refused: map[string]string{"tokyo": "Database$aws:rds/instance:Instance::database-instance\" cannot be deleted"}},
}
