package infra

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

type list = []any
type mapping = map[string]any

var seoulAZs = list{"ap-northeast-2a", "ap-northeast-2b"}

// sale is a schedule that is right; saleWith makes one thing of it wrong.
var sale = mapping{"name": "sale", "start": "2026-11-27T09:00", "end": "2026-11-28T02:00", "min": 4, "max": 12}

func saleWith(key string, value any) list {
	changed := maps.Clone(sale)
	changed[key] = value
	return list{changed}
}

var badConfigs = map[string]struct {
	stack   string // default seoul
	changes settings
	want    string
}{
	"a misspelt key of an object is named with the right one":  {changes: settings{"web.mx": 3}, want: "newsfeed:web.mx: unknown key; did you mean max?"},
	"an unknown key of an object is answered with all of them": {changes: settings{"cache.encrypted": true}, want: "newsfeed:cache.encrypted: unknown key; the keys are nodeType, shards, replicas, tokenUpdate"},
	"an unknown key within a list has its index":               {changes: settings{"web.schedule": saleWith("nmae", "x")}, want: "newsfeed:web.schedule[0].nmae: unknown key; did you mean name?"},
	"keys are case-sensitive":                                  {changes: settings{"web.Max": 3}, want: "newsfeed:web.Max: unknown key; did you mean max?"},

	"text where a number belongs":          {changes: settings{"web.max": "many"}, want: `newsfeed:web.max: is the text "many", must be a whole number`},
	"a quoted number is text":              {changes: settings{"web.max": "12"}, want: `newsfeed:web.max: is the text "12", must be a whole number`},
	"a fraction of an instance":            {changes: settings{"web.max": 2.5}, want: "newsfeed:web.max: is 2.5, must be a whole number"},
	"a number too large to count with":     {changes: settings{"web.max": 1e30}, want: "newsfeed:web.max: is 1e+30, must be a whole number"},
	"a list where an object belongs":       {changes: settings{"web": list{1}}, want: "newsfeed:web: is a list, must be an object"},
	"text where an object belongs":         {changes: settings{"web": "big"}, want: `newsfeed:web: is the text "big", must be an object`},
	"text where a list belongs":            {changes: settings{"network.azs": "ap-northeast-2a"}, want: `newsfeed:network.azs: is the text "ap-northeast-2a", must be a list`},
	"a number within a list of text":       {changes: settings{"network.azs": list{1, 2}}, want: "newsfeed:network.azs[0]: is 1, must be text"},
	"a number where true or false belongs": {changes: settings{"network.peering": 1}, want: "newsfeed:network.peering: is 1, must be true or false"},
	"an object where text belongs":         {changes: settings{"network.cidr": mapping{}}, want: "newsfeed:network.cidr: is an object, must be text"},
	"a key with nothing after it":          {changes: settings{"network.cidr": list{nil}}, want: "newsfeed:network.cidr: is a list, must be text"},
	"default tags that are no object":      {changes: settings{"aws:defaultTags": "x"}, want: "aws:defaultTags: is the text"},
	"a stack without a region":             {changes: settings{"aws:region": ""}, want: "aws:region: is not set"},

	"an unknown role":                                  {changes: settings{"role": "leader"}, want: `newsfeed:role: is "leader", must be one of primary, standby`},
	"no role":                                          {changes: settings{"role": nil}, want: `newsfeed:role: is "", must be one of primary, standby`},
	"an unknown strategy":                              {changes: settings{"strategy": "hot"}, want: `newsfeed:strategy: is "hot", must be one of backup-restore`},
	"a standby without a peer":                         {stack: "tokyo", changes: settings{"peer": nil, "network.peering": false}, want: "newsfeed:peer: is not set: a standby needs"},
	"a peering without a peer":                         {changes: settings{"peer": nil, "network.peering": true}, want: "newsfeed:peer: is not set, but network.peering is"},
	"a stack that is its own peer":                     {changes: settings{"peer": "seoul"}, want: "newsfeed:peer: is this stack itself"},
	"a peer that was never brought up":                 {stack: "tokyo", changes: settings{"peer": "never-up"}, want: "stack never-up has no output region: bring it up first: make deploy STACK=never-up, or make up"},
	"a peer in the same region":                        {stack: "tokyo", changes: settings{"peer": "nearby-tokyo", "aws:region": "ap-northeast-2", "network.azs": seoulAZs}, want: "newsfeed:peer: nearby-tokyo is in ap-northeast-2 as well"},
	"address blocks that overlap the peer's":           {stack: "tokyo", changes: settings{"network.cidr": "10.20.0.0/16"}, want: "newsfeed:network.cidr: 10.20.0.0/16 overlaps 10.20.0.0/16 of seoul"},
	"a standby that shrinks while users are led to it": {stack: "tokyo", changes: settings{"peer": "latency"}, want: "newsfeed:strategy: warm-standby is for a region that DNS sends nobody to, but latency (active-active) is up and shares its users: change that stack first: make deploy STACK=latency"},
	"no domain":                                        {changes: settings{"domain": ""}, want: `newsfeed:domain: is "", must be a domain name`},
	"a URL for a domain":                               {changes: settings{"domain": "https://newsfeed.example.com"}, want: "newsfeed:domain: is"},
	"a domain in capitals":                             {changes: settings{"domain": "News.example.com"}, want: "newsfeed:domain: is"},
	"a zone that is no name":                           {changes: settings{"zone": "example"}, want: "newsfeed:zone: is"},
	"a domain outside its zone":                        {changes: settings{"domain": "feed.example.org"}, want: `newsfeed:domain: "feed.example.org" is not in the zone`},
	"a domain that merely ends like the zone":          {changes: settings{"domain": "mynewsfeed.example.com"}, want: "is not in the zone"},
	"a release without its digest":                     {changes: settings{"release": "feed-1"}, want: `newsfeed:release: is "feed-1", must be <name>@sha256:<64 hex digits>: make release writes it`},
	"a release with half a digest":                     {changes: settings{"release": "feed-1@sha256:0123"}, want: "newsfeed:release: is"},
	"an image that is a name":                          {changes: settings{"image": "al2023"}, want: `newsfeed:image: is "al2023", must be an AMI`},
	"a release without an image to run on":             {changes: settings{"image": nil}, want: "newsfeed:image: is not set, but release is"},
	"a zone's ID that is its name":                     {changes: settings{"zoneId": "example.com"}, want: `newsfeed:zoneId: is "example.com", must be the ID of the hosted zone`},
	"no zone ID":                                       {changes: settings{"zoneId": nil}, want: `newsfeed:zoneId: is ""`},
	"functions that were not built":                    {changes: settings{"functions": "/nowhere"}, want: "newsfeed:functions: no file /nowhere/slackalarm: build it first: make build, or make deploy, which does"},
	"only one of both functions":                       {changes: settings{"functions": "/nowhere"}, want: "newsfeed:functions: no file /nowhere/watchdog"},
	"a runbook in the clear":                           {changes: settings{"runbook": "http://example.com/runbook.md"}, want: `newsfeed:runbook: is "http://example.com/runbook.md", must be a path or an https:// address`},
	"a runbook with an anchor of its own":              {changes: settings{"runbook": "https://example.com/runbook.md#top"}, want: "without an anchor"},
	"no runbook":                                       {changes: settings{"runbook": ""}, want: `newsfeed:runbook: is ""`},
	"a repository without its owner":                   {changes: settings{"ci": mapping{"repository": "newsfeed"}}, want: `newsfeed:ci.repository: is "newsfeed", must be owner/name`},
	"every repository of an owner":                     {changes: settings{"ci": mapping{"repository": "example/*"}}, want: "newsfeed:ci.repository: is"},
	"a bucket for a state that nobody reads":           {changes: settings{"ci": mapping{"state": "newsfeed-state"}}, want: "newsfeed:ci.state: is set, but ci.repository is not"},
	"a URL for a bucket":                               {changes: settings{"ci": mapping{"repository": "example/newsfeed", "state": "s3://state"}}, want: "newsfeed:ci.state: is"},

	"a block that is none":                {changes: settings{"network.cidr": "10.20.0.0"}, want: "newsfeed:network.cidr: is"},
	"a block that is too small":           {changes: settings{"network.cidr": "10.20.0.0/20"}, want: "newsfeed:network.cidr: is 10.20.0.0/20, must be an IPv4 /16"},
	"a block with host bits":              {changes: settings{"network.cidr": "10.20.1.0/16"}, want: "without host bits"},
	"a block of IPv6":                     {changes: settings{"network.cidr": "fd00::/16"}, want: "must be an IPv4 /16"},
	"a block of public addresses":         {changes: settings{"network.cidr": "20.20.0.0/16"}, want: "is a public address block"},
	"one zone":                            {changes: settings{"network.azs": list{"ap-northeast-2a"}}, want: "newsfeed:network.azs: names 1 availability zone, must name 2 or 3"},
	"no zone":                             {changes: settings{"network.azs": nil}, want: "newsfeed:network.azs: names 0"},
	"four zones":                          {changes: settings{"network.azs": append(seoulAZs[:2:2], "ap-northeast-2c", "ap-northeast-2d")}, want: "newsfeed:network.azs: names 4"},
	"a zone twice":                        {changes: settings{"network.azs": list{"ap-northeast-2a", "ap-northeast-2a"}}, want: `newsfeed:network.azs[1]: "ap-northeast-2a" is there twice`},
	"a zone of the other region":          {changes: settings{"network.azs": list{"ap-northeast-2a", "ap-northeast-1a"}}, want: `newsfeed:network.azs[1]: "ap-northeast-1a" is not an availability zone of ap-northeast-2`},
	"an unknown NAT mode":                 {changes: settings{"network.nat": "cheap"}, want: `newsfeed:network.nat: is "cheap", must be one of per-az, single, none`},
	"no NAT and no endpoints":             {changes: settings{"network.nat": "none", "peer": nil}, want: "newsfeed:network.endpoints: lacks secretsmanager"},
	"no NAT and no way to name the group": {changes: settings{"network.nat": "none", "peer": nil}, want: "newsfeed:network.endpoints: lacks ec2"},
	"no NAT and so no way to the peer":    {changes: settings{"network.nat": "none"}, want: "newsfeed:network.nat: is none, but there is the peer tokyo"},
	"a zone that has no block":            {changes: settings{"network.azs": list{"ap-northeast-2a", "ap-northeast-2e"}}, want: `newsfeed:network.azs[1]: "ap-northeast-2e" has no block in the network`},
	"an endpoint twice":                   {changes: settings{"network.endpoints": list{"ssm", "ssm"}}, want: `newsfeed:network.endpoints[1]: "ssm" is there twice`},
	"an interface endpoint for S3":        {changes: settings{"network.endpoints": list{"s3"}}, want: "newsfeed:network.endpoints[0]: s3 has its gateway endpoint already"},
	"an endpoint that is no service name": {changes: settings{"network.endpoints": list{"Secrets Manager"}}, want: "newsfeed:network.endpoints[0]: is"},

	"an Intel instance":                        {changes: settings{"web.instanceType": "m5.large"}, want: `newsfeed:web.instanceType: is "m5.large", must be <family>.<size> of an arm64 family`},
	"a size that the family has not":           {changes: settings{"worker.instanceType": "m7g.huge"}, want: `newsfeed:worker.instanceType: is "m7g.huge", but m7g has no size "huge"`},
	"a database class without db.":             {changes: settings{"database.instanceClass": "m7g.large"}, want: "newsfeed:database.instanceClass: is"},
	"a node type without cache.":               {changes: settings{"cache.nodeType": "r7g.large"}, want: "newsfeed:cache.nodeType: is"},
	"a class size that RDS has not":            {changes: settings{"database.instanceClass": "db.m7g.medium"}, want: `but m7g has no size "medium"`},
	"a node size that ElastiCache has not":     {changes: settings{"cache.nodeType": "cache.t4g.large"}, want: `but t4g has no size "large"`},
	"no web instance":                          {changes: settings{"web.min": 0}, want: "newsfeed:web.min: is 0, must be between 1 and 100"},
	"a negative size":                          {changes: settings{"worker.min": -1}, want: "newsfeed:worker.min: is -1"},
	"a maximum below the minimum":              {changes: settings{"web.min": 5, "web.max": 4}, want: "newsfeed:web.max: is 4, below web.min 5"},
	"fewer workers at most than at least":      {changes: settings{"worker.min": 5, "worker.max": 4}, want: "newsfeed:worker.max: is 4, below worker.min 5"},
	"a CPU target above what scaling can hold": {changes: settings{"web.cpuTarget": 100}, want: "newsfeed:web.cpuTarget: is 100, must be between 10 and 90"},
	"no requests per target":                   {changes: settings{"web.requestsPerTarget": 0}, want: "newsfeed:web.requestsPerTarget: is 0"},
	"no backlog per instance":                  {changes: settings{"worker.backlogPerInstance": 0}, want: "newsfeed:worker.backlogPerInstance: is 0"},
	"more Spot than all":                       {changes: settings{"worker.spotPercent": 101}, want: "newsfeed:worker.spotPercent: is 101"},
	"a sale that ends before it begins":        {changes: settings{"web.schedule": saleWith("end", "2026-11-27T08:00")}, want: "newsfeed:web.schedule[0].end: 2026-11-27T08:00 is not after the start"},
	"a sale of a year":                         {changes: settings{"web.schedule": saleWith("end", "2027-12-01T00:00")}, want: "is a year or more after the start"},
	"a sale with a time zone of its own":       {changes: settings{"web.schedule": saleWith("start", "2026-11-27T09:00Z")}, want: "newsfeed:web.schedule[0].start: is"},
	"a sale on a day that does not exist":      {changes: settings{"web.schedule": saleWith("start", "2026-02-30T09:00")}, want: "newsfeed:web.schedule[0].start: is"},
	"a sale that would shrink the group":       {changes: settings{"web.schedule": saleWith("min", 1)}, want: "newsfeed:web.schedule[0].min: is 1, below web.min 2"},
	"a sale above the group's maximum":         {changes: settings{"web.schedule": saleWith("max", 13)}, want: "newsfeed:web.schedule[0].max: is 13, above web.max 12"},
	"a sale with less at most than at least":   {changes: settings{"web.schedule": saleWith("max", 3)}, want: "newsfeed:web.schedule[0].max: is 3, below its min 4"},
	"two sales of one name":                    {changes: settings{"web.schedule": list{sale, sale}}, want: `newsfeed:web.schedule[1].name: "sale" is there twice`},
	"two sales at once":                        {changes: settings{"web.schedule": list{sale, saleWith("name", "other")[0]}}, want: "newsfeed:web.schedule[1]: overlaps web.schedule[0]"},
	"a sale without a name":                    {changes: settings{"web.schedule": saleWith("name", "")}, want: "newsfeed:web.schedule[0].name: is"},

	"too little storage":                              {changes: settings{"database.storageGiB": 5}, want: "newsfeed:database.storageGiB: is 5"},
	"a storage maximum below the minimum":             {changes: settings{"database.maxStorageGiB": 50}, want: "newsfeed:database.maxStorageGiB: is 50"},
	"a storage maximum that RDS thinks too close":     {changes: settings{"database.maxStorageGiB": 105}, want: "at least a tenth above"},
	"IOPS that a small gp3 disk cannot have":          {changes: settings{"database.iops": 12000}, want: "newsfeed:database.iops: is 12000, but gp3 below 400 GiB"},
	"IOPS below what gp3 includes":                    {changes: settings{"database.iops": 3000, "database.storageGiB": 400}, want: "newsfeed:database.iops: is 3000, must be between 12000 and 64000"},
	"a database without backups":                      {changes: settings{"database.backupDays": 0}, want: "newsfeed:database.backupDays: is 0: without backups"},
	"backups that RDS does not keep so long":          {changes: settings{"database.backupDays": 36}, want: "newsfeed:database.backupDays: is 36, must be at most 35"},
	"more readers than RDS allows":                    {changes: settings{"database.readReplicas": 16}, want: "newsfeed:database.readReplicas: is 16"},
	"more connections than memory":                    {changes: settings{"database.maxConnections": 5000}, want: "newsfeed:database.maxConnections: is 5000, but db.m7g.large has memory for about 819"},
	"pools that exceed the connections":               {changes: settings{"web.max": 40}, want: "newsfeed:database.maxConnections: is 680, but the pools of web.max + worker.max = 46 instances"},
	"a token that is forgotten":                       {changes: settings{"cache.tokenUpdate": "delete"}, want: `newsfeed:cache.tokenUpdate: is "delete", must be one of rotate, set`},
	"a cache without a shard":                         {changes: settings{"cache.shards": 0}, want: "newsfeed:cache.shards: is 0"},
	"a cache shard without a replica":                 {changes: settings{"cache.replicas": 0}, want: "newsfeed:cache.replicas: is 0"},
	"more nodes than a cluster may have":              {changes: settings{"cache.shards": 40, "cache.replicas": 2}, want: "newsfeed:cache.shards: makes 120 nodes with cache.replicas 2, above ElastiCache's 90"},
	"an alarm on the processors that scaling aims at": {changes: settings{"alarms": mapping{"cpuPercent": 50}}, want: "newsfeed:alarms.cpuPercent: is 50, not above web.cpuTarget 50"},
	"an alarm on a disk that is empty":                {changes: settings{"alarms": mapping{"freeStorageGiB": 100}}, want: "newsfeed:alarms.freeStorageGiB: is 100, not below database.storageGiB 100"},
	"an alarm on what no story can do":                {changes: settings{"alarms": mapping{"visibleSeconds": 0}}, want: "newsfeed:alarms.visibleSeconds: is 0"},
	"an alarm at 100 percent":                         {changes: settings{"alarms.cpuPercent": 100}, want: "newsfeed:alarms.cpuPercent: is 100"},
	"an alarm that never clears":                      {changes: settings{"alarms.backlogSeconds": 0}, want: "newsfeed:alarms.backlogSeconds: is 0"},

	"no database password":                 {changes: settings{"databasePassword": nil}, want: "newsfeed:databasePassword: must be 12 to 41"},
	"a short database password":            {changes: settings{"databasePassword": "short"}, want: "newsfeed:databasePassword: must be 12 to 41"},
	"a database password that RDS refuses": {changes: settings{"databasePassword": "user@host/secret"}, want: "newsfeed:databasePassword: must be"},
	"a short cache token":                  {changes: settings{"cacheToken": "short"}, want: "newsfeed:cacheToken: must be 16 to 128"},
	"a cache token that Redis refuses":     {changes: settings{"cacheToken": "a token with spaces in it"}, want: "newsfeed:cacheToken: must be"},
	"a webhook without a host":             {changes: settings{"slackWebhook": "https:///services/x"}, want: "newsfeed:slackWebhook: must be an https:// address"},
	"a webhook that is a channel":          {changes: settings{"slackWebhook": "#on-call"}, want: "newsfeed:slackWebhook: must be an https:// address"},
	"a webhook that is not under TLS":      {changes: settings{"slackWebhook": "http://hooks.example.com/x"}, want: "newsfeed:slackWebhook: must be an https:// address"},
}

func TestBadConfigIsRefusedWithItsPath(t *testing.T) {
	t.Parallel()
	for sentence, bad := range badConfigs {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			stack := bad.stack
			if stack == "" {
				stack = "seoul"
			}
			p, err := deploy(t, stack, stackFile(t, stack, bad.changes))
			if err == nil || !strings.Contains(err.Error(), bad.want) {
				t.Fatalf("error is\n%v\nwant one with\n%s", err, bad.want)
			}
			for _, secret := range []string{"user@host", "a token with", "hooks.example.com"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("error shows a secret: %v", err)
				}
			}
			if len(p.Resources) != 0 {
				t.Errorf("%d resources were declared before the error", len(p.Resources))
			}
		})
	}
}

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := deploy(t, "seoul", stackFile(t, "seoul", settings{
		"role": "leader", "network.nat": "cheap", "web.min": 0, "database.backupDays": 0, "cache.shards": 0}))
	for _, path := range []string{"role", "network.nat", "web.min", "database.backupDays", "cache.shards"} {
		if err == nil || !strings.Contains(err.Error(), namespace+path+": ") {
			t.Errorf("no word of %s in: %v", path, err)
		}
	}
}

func TestSecretsInTheClearAreRefused(t *testing.T) {
	t.Parallel()
	c := defaults()
	c.DatabasePassword = newSecret("a-database-password", false)
	err := c.Validate()
	if err == nil || !strings.Contains(err.Error(), "newsfeed:databasePassword: is not encrypted: run pulumi config set --secret") {
		t.Errorf("error is %v", err)
	}
	if err != nil && strings.Contains(err.Error(), "a-database-password") {
		t.Errorf("error shows the secret: %v", err)
	}
}

func TestUnknownTopLevelKeysAreRefused(t *testing.T) {
	t.Parallel()
	err := CheckKeys(map[string]string{"aws:region": "x", "newsfeed:web": "{}", "newsfeed:wbe": "{}", "newsfeed:colour": "red"})
	want := "newsfeed:colour: unknown key; the keys are role, "
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "newsfeed:wbe: unknown key; did you mean web?") {
		t.Errorf("error is %v", err)
	}
	if err := CheckKeys(map[string]string{"aws:region": "x", "newsfeed:web": "{}"}); err != nil {
		t.Errorf("good keys are refused: %v", err)
	}
}

// The program and Pulumi.yaml must know the same keys, and the stack files must
// differ in values only.
func TestFilesAgree(t *testing.T) {
	t.Parallel()
	keys := func(file string) []string {
		raw, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			t.Fatal(err)
		}
		var node yaml.Node
		if err := yaml.Unmarshal(raw, &node); err != nil {
			t.Fatal(err)
		}
		for i, n := range node.Content[0].Content {
			if n.Value == "config" {
				return paths("", node.Content[0].Content[i+1])
			}
		}
		return nil
	}
	if seoul, tokyo := keys("Pulumi.seoul.yaml"), keys("Pulumi.tokyo.yaml"); !slices.Equal(seoul, tokyo) {
		t.Errorf("the stack files have different keys, or another order:\n%v\n%v", seoul, tokyo)
	}
	var declared []string
	for _, path := range keys("Pulumi.yaml") {
		if key, ours := strings.CutPrefix(path, namespace); ours && !strings.Contains(key, ".") {
			declared = append(declared, key)
		}
	}
	if known := configKeys(); !slices.Equal(declared, known) {
		t.Errorf("Pulumi.yaml declares %v, Config has %v", declared, known)
	}
}

// paths lists the keys under a YAML node in order, nested ones with dots.
func paths(prefix string, node *yaml.Node) []string {
	var all []string
	if node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(node.Content); i += 2 {
		path := prefix + node.Content[i].Value
		all = append(all, path)
		all = append(all, paths(path+".", node.Content[i+1])...)
	}
	return all
}

// To active-active the standby grows first, before users are led to it.
func TestAStandbyMayGrowBeforeItsPeerSharesUsers(t *testing.T) {
	t.Parallel()
	config := stackFile(t, "tokyo", settings{"strategy": "active-active"})
	peer := &Peer{Region: "ap-northeast-2", VPCCIDR: "10.20.0.0/16", Strategy: WarmStandby}
	c := &Config{Region: config["aws:region"], Role: Standby, Strategy: ActiveActive, Network: NetworkConfig{CIDR: "10.30.0.0/16"}}
	if err := c.validatePeer(peer); err != nil {
		t.Error(err)
	}
}
