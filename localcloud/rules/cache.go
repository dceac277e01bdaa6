package rules

import (
	"regexp"
	"slices"
	"strings"
)

// cacheEngines are the versions of the engines of ElastiCache, and their families.
var (
	cacheEngines = map[string][]string{"redis": {"4.0.10", "5.0.6", "6.0", "6.2", "6.x", "7.0", "7.1"},
		"valkey": {"7.2", "8.0", "8.1", "8.2", "9.0"}}
	cacheFamilies = []string{"memcached1.4", "memcached1.5", "memcached1.6", "redis4.0", "redis5.0", "redis6.x",
		"redis7", "valkey7", "valkey8", "valkey9"}
)

const createGroup = "ElastiCache API, CreateReplicationGroup"

// replicationGroupRules are of a cache, and cacheParameterRules of its parameters.
var replicationGroupRules = []rule{
	{"an engine has its versions", "ElastiCache user guide, Supported engines and versions", func(r *declared) {
		engine, version := r.text("engine"), r.text("engineVersion")
		if engine == "" {
			engine = "redis"
		}
		versions, known := cacheEngines[engine]
		r.require(known, "engine", "is %q, must be redis or valkey", engine)
		r.require(!known || version == "" || slices.Contains(versions, version) || strings.HasPrefix(version, "5.0.") ||
			strings.HasPrefix(version, "3."),
			"engineVersion", "is %q, must be of %s: %s", version, engine, strings.Join(versions, ", "))
	}},
	{"what is spread over zones fails over by itself", createGroup + ": MultiAZEnabled", func(r *declared) {
		r.require(!r.yes("multiAzEnabled") || r.yes("automaticFailoverEnabled") || r.open("automaticFailoverEnabled"),
			"automaticFailoverEnabled",
			"is not true, but multiAzEnabled is")
		replicas, given := r.number("replicasPerNodeGroup")
		r.require(!r.yes("multiAzEnabled") || !given || replicas > 0, "replicasPerNodeGroup", "is 0, but multiAzEnabled is true")
		nodes, counted := r.number("numCacheClusters")
		r.require(!r.yes("automaticFailoverEnabled") || !counted || nodes > 1, "numCacheClusters",
			"is %v, but automaticFailoverEnabled needs a replica", nodes)
	}},
	{"a cluster of shards fails over by itself", createGroup + ": AutomaticFailoverEnabled", func(r *declared) {
		shards, given := r.number("numNodeGroups")
		failover, known := r.at("automaticFailoverEnabled")
		off := !r.given("automaticFailoverEnabled") || known && failover.IsBool() && !failover.BoolValue()
		r.require(!given || shards < 2 || !off, "automaticFailoverEnabled", "is not true, but there are %v shards", shards)
	}},
	{"a token needs TLS, and has its letters", createGroup + ": AuthToken", func(r *declared) {
		r.require(!r.given("authToken") || r.yes("transitEncryptionEnabled") || r.open("transitEncryptionEnabled"),
			"transitEncryptionEnabled",
			"is not true, but authToken is given")
		r.require(!r.given("authToken") || !r.given("userGroupIds"), "userGroupIds", "is given, and so is authToken")
		token := r.text("authToken")
		r.require(token == "" || tokenForm.MatchString(token), "authToken",
			"is [secret], must be 16 to 128 letters, digits and !&#$^<>-")
	}},
	{"a key is for what is encrypted", createGroup + ": KmsKeyId", func(r *declared) {
		r.require(!r.given("kmsKeyId") || r.yes("atRestEncryptionEnabled") || r.open("atRestEncryptionEnabled"),
			"atRestEncryptionEnabled",
			"is not true, but kmsKeyId is given")
	}},
	{"snapshot and maintenance have hours of their own", createGroup + ": SnapshotWindow",
		func(r *declared) { apart(r, "snapshotWindow", "maintenanceWindow") }},
	{"shards and replicas have their numbers", "ElastiCache user guide, quotas", func(r *declared) {
		shards, hasShards := r.number("numNodeGroups")
		replicas, hasReplicas := r.number("replicasPerNodeGroup")
		r.require(!hasShards || shards >= 1 && shards <= 500, "numNodeGroups", "is %v, must be from 1 to 500", shards)
		r.require(!hasReplicas || replicas >= 0 && replicas <= 5, "replicasPerNodeGroup", "is %v, must be from 0 to 5", replicas)
		r.require(!hasShards || !r.given("numCacheClusters"), "numCacheClusters", "is given, and so is numNodeGroups")
	}},
	{"a default group of parameters is that of the version", createGroup + ": CacheParameterGroupName", func(r *declared) {
		r.defaultGroup(familyOfCache(r.text("engine"), r.text("engineVersion")))
	}},
	{"tiers of memory and disk are of r6gd", "ElastiCache user guide, Data tiering", func(r *declared) {
		tiered, node := r.yes("dataTieringEnabled"), r.text("nodeType")
		of := strings.HasPrefix(node, "cache.r6gd.")
		r.require(!tiered || node == "" || of, "dataTieringEnabled", "is true, which %s does not have", node)
		r.require(tiered || !of || r.open("dataTieringEnabled"), "dataTieringEnabled", "is not true, which %s needs", node)
	}},
}

var cacheParameterRules = []rule{
	{"a family is one that ElastiCache has", "ElastiCache API, CreateCacheParameterGroup", func(r *declared) {
		family := r.text("family")
		r.require(family == "" || slices.Contains(cacheFamilies, family), "family", "is %q, must be one of %s", family,
			strings.Join(cacheFamilies, ", "))
	}},
	{"parameters are the family's", "ElastiCache user guide, Redis OSS parameters", cacheParameters},
}

// familyOfCache is the family of a version of an engine, "" if it is not known.
func familyOfCache(engine, version string) string {
	major, _, _ := strings.Cut(version, ".")
	switch {
	case version == "" || major == "3":
		return ""
	case engine == "valkey":
		return "valkey" + major
	case major == "7":
		return "redis7"
	case major == "6":
		return "redis6.x"
	}
	return "redis" + major + ".0"
}

var tokenForm = regexp.MustCompile(`^[A-Za-z0-9!&#$^<>-]{16,128}$`)
