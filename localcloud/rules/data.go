package rules

import (
	"regexp"
	"slices"
	"strings"
)

// engines are the versions of the engines of RDS, by how they begin: those in
// standard or extended support.
var engines = map[string][]string{
	"mysql": {"5.7", "8.0", "8.4"}, "mariadb": {"10.4", "10.5", "10.6", "10.11", "11.4", "11.8"},
	"postgres": {"11", "12", "13", "14", "15", "16", "17", "18"},
}

// engineFamilies are the families of parameter groups that RDS has.
var engineFamilies = []string{"mysql5.7", "mysql8.0", "mysql8.4", "mariadb10.4", "mariadb10.5", "mariadb10.6",
	"mariadb10.11", "mariadb11.4", "mariadb11.8",
	"postgres11", "postgres12", "postgres13", "postgres14", "postgres15", "postgres16", "postgres17", "postgres18"}

// databaseLogs are what each engine exports.
var databaseLogs = map[string][]string{
	"mysql":    {"audit", "error", "general", "slowquery", "iam-db-auth-error"},
	"mariadb":  {"audit", "error", "general", "slowquery", "iam-db-auth-error"},
	"postgres": {"postgresql", "upgrade", "iam-db-auth-error"},
}

const createInstance = "RDS API, CreateDBInstance"

// dataRules are of RDS and ElastiCache.
var dataRules = map[string][]rule{
	"aws:rds/instance:Instance": {
		{"an engine has its versions", "RDS user guide, MySQL on Amazon RDS versions", func(r *declared) {
			engine, version := r.text("engine"), r.text("engineVersion")
			if versions, known := engines[engine]; known && version != "" {
				r.require(begins(version, versions), "engineVersion", "is %q, must be of %s: %s", version, engine,
					strings.Join(versions, ", "))
			}
			for i, log := range texts(r, "enabledCloudwatchLogsExports") {
				logs, known := databaseLogs[engine]
				r.require(!known || slices.Contains(logs, log), "enabledCloudwatchLogsExports",
					"[%d] is %q, must be of %s: %s", i, log, engine, strings.Join(logs, ", "))
			}
		}},
		{"a default group of parameters is that of the version", createInstance + ": DBParameterGroupName", func(r *declared) {
			r.defaultGroup(familyOfDatabase(r.text("engine"), r.text("engineVersion")))
		}},
		{"gp3 has a choice of operations from 400 GiB on", "RDS user guide, Amazon RDS DB instance storage: gp3",
			storageOfInstance},
		{"storage grows by a tenth at least", "RDS user guide, Managing capacity automatically with storage autoscaling", func(r *declared) {
			size, sized := r.number("allocatedStorage")
			most, given := r.number("maxAllocatedStorage")
			r.require(!sized || !given || most == 0 || most*10 >= size*11, "maxAllocatedStorage",
				"is %v, must be a tenth above allocatedStorage %v at least", most, size)
			replica := r.given("replicateSourceDb") || r.given("restoreToPointInTime") || r.given("snapshotIdentifier")
			r.require(!sized || replica || size >= 20 && size <= 65536, "allocatedStorage",
				"is %v, must be from 20 to 65536 GiB", size)
		}},
		{"enhanced monitoring has its steps, and a role", createInstance + ": MonitoringInterval", func(r *declared) {
			every, given := r.number("monitoringInterval")
			r.require(!given || slices.Contains([]float64{0, 1, 5, 10, 15, 30, 60}, every), "monitoringInterval",
				"is %v, must be 0, 1, 5, 10, 15, 30 or 60", every)
			r.require(!given || every == 0 || r.given("monitoringRoleArn"), "monitoringRoleArn",
				"is not given, but monitoringInterval is %v", every)
		}},
		{"Performance Insights is not on the smallest classes, and keeps for a week, months or two years",
			"RDS user guide, Amazon RDS DB engine, Region, and instance class support for Performance Insights", insights},
		{"a key is for what is encrypted", createInstance + ": KmsKeyId", func(r *declared) {
			encrypted, known := r.at("storageEncrypted")
			plain := !r.given("storageEncrypted") || known && encrypted.IsBool() && !encrypted.BoolValue()
			r.require(!r.given("kmsKeyId") || !plain || r.given("replicateSourceDb"), "kmsKeyId",
				"is given, but storageEncrypted is not true")
		}},
		{"an instance with a standby elsewhere has no zone", createInstance + ": MultiAZ", func(r *declared) {
			r.require(!r.yes("multiAz") || !r.given("availabilityZone"), "availabilityZone", "is given, but multiAz is true")
		}},
		{"backup and maintenance have hours of their own", createInstance + ": PreferredMaintenanceWindow", func(r *declared) {
			apart(r, "backupWindow", "maintenanceWindow")
		}},
		{"names and passwords have their letters", createInstance + ": MasterUserPassword", credentials},
		{"a port is above 1150", createInstance + ": Port", func(r *declared) {
			port, given := r.number("port")
			r.require(!given || port >= 1150 && port <= 65535, "port", "is %v, must be from 1150 to 65535", port)
		}},
		{"backups are kept for 35 days at most", createInstance + ": BackupRetentionPeriod", func(r *declared) {
			days, given := r.number("backupRetentionPeriod")
			r.require(!given || days >= 0 && days <= 35, "backupRetentionPeriod", "is %v, must be from 0 to 35", days)
		}},
		{"an instance has an engine, a user and storage, or a source", createInstance, func(r *declared) {
			if r.made || r.count("replicateSourceDb", "snapshotIdentifier", "restoreToPointInTime", "s3Import") > 0 {
				return
			}
			for _, needed := range []string{"engine", "username", "allocatedStorage"} {
				r.require(r.given(needed), needed, "is not given: only a replica or a restored instance has it of its source")
			}
			r.require(r.given("password") || r.yes("manageMasterUserPassword") || r.given("passwordWo"), "password", "is not given")
		}},
	},
	"aws:rds/parameterGroup:ParameterGroup": {
		{"a family is one that RDS has", "RDS API, CreateDBParameterGroup", func(r *declared) {
			family := r.text("family")
			r.require(family == "" || slices.Contains(engineFamilies, family) || !strings.HasPrefix(family, "mysql") &&
				!strings.HasPrefix(family, "mariadb") &&
				!strings.HasPrefix(family, "postgres"), "family", "is %q, must be one of %s", family,
				strings.Join(engineFamilies, ", "))
		}},
		{"parameters are the family's, and static ones wait for a reboot", "MySQL 8.4 reference manual, Server System Variables; " +
			"RDS API, Parameter: ApplyMethod", databaseParameters},
	},
	"aws:rds/eventSubscription:EventSubscription": {
		{"sources are of a type", "RDS API, CreateEventSubscription", func(r *declared) {
			r.require(!r.given("sourceIds") || r.given("sourceType"), "sourceType", "is not given, but sourceIds are")
		}},
	},
	"aws:elasticache/replicationGroup:ReplicationGroup": replicationGroupRules,
	"aws:elasticache/parameterGroup:ParameterGroup":     cacheParameterRules,
}

// begins says whether a version is of one of those.
func begins(version string, of []string) bool {
	return slices.ContainsFunc(of, func(v string) bool {
		return version == v || strings.HasPrefix(version, v+".") || strings.HasPrefix(version, v+"-")
	})
}

// familyOfDatabase is the family of a version of an engine, "" if it is not known.
func familyOfDatabase(engine, version string) string {
	for _, v := range engines[engine] {
		if begins(version, []string{v}) {
			return engine + v
		}
	}
	return ""
}

// defaultGroup refuses the default group of parameters of another family: a default
// is called after its own, as default.mysql8.4 is.
func (r *declared) defaultGroup(family string) {
	name := r.text("parameterGroupName")
	of, isDefault := strings.CutPrefix(name, "default.")
	of = strings.TrimSuffix(of, ".cluster.on")
	r.require(!isDefault || family == "" || of == family, "parameterGroupName", "is %q, but the version is of %s", name, family)
}

// texts are the known texts of the list at the path.
func texts(r *declared, path string) (all []string) {
	v, ok := r.at(path)
	if !ok || !v.IsArray() {
		return nil
	}
	for _, element := range v.ArrayValue() {
		if element, _, known := reveal(element); known && element.IsString() {
			all = append(all, element.StringValue())
		}
	}
	return all
}

func storageOfInstance(r *declared) {
	kind := r.text("storageType")
	size, sized := r.number("allocatedStorage")
	iops, chosen := r.number("iops")
	throughput, fast := r.number("storageThroughput")
	provisioned := kind == "io1" || kind == "io2"
	r.require(!provisioned || r.given("iops"), "iops", "is not given, but storageType is %s", kind)
	r.require(!chosen || iops == 0 || kind != "gp2" && kind != "standard", "iops", "is %v, which %s does not take", iops, kind)
	r.require(!fast || kind == "gp3" || r.open("storageType"), "storageThroughput", "is %v, which goes with gp3 only", throughput)
	if kind != "gp3" || !sized || r.text("engine") == "sqlserver" {
		return
	}
	r.require(!chosen || iops == 0 || size >= 400, "iops", "is %v, but below 400 GiB gp3 has 3000 and no choice", iops)
	r.require(!chosen || iops == 0 || size < 400 || iops >= 12000 && iops <= 64000, "iops",
		"is %v, must be from 12000 to 64000", iops)
	r.require(!fast || throughput == 0 || size >= 400, "storageThroughput",
		"is %v, but below 400 GiB gp3 has 125 and no choice", throughput)
}

func insights(r *declared) {
	on, class := r.yes("performanceInsightsEnabled"), strings.TrimPrefix(r.text("instanceClass"), "db.")
	family, size, _ := strings.Cut(class, ".")
	small := (family == "t2" || family == "t3" || family == "t4g") && (size == "micro" || size == "small")
	mysql := r.text("engine") == "mysql" || r.text("engine") == "mariadb" || r.text("engine") == ""
	r.require(!on || !small || !mysql, "performanceInsightsEnabled", "is true, which %s does not have", r.text("instanceClass"))
	if r.open("performanceInsightsEnabled") {
		return
	}
	for _, path := range []string{"performanceInsightsKmsKeyId", "performanceInsightsRetentionPeriod"} {
		n, number := r.number(path)
		r.require(on || !r.given(path) || number && n == 0, path, "is given, but performanceInsightsEnabled is not true")
	}
	days, given := r.number("performanceInsightsRetentionPeriod")
	whole := days == 7 || days == 731 || days > 0 && days <= 713 && int(days)%31 == 0
	r.require(!given || days == 0 || whole, "performanceInsightsRetentionPeriod",
		"is %v, must be 7, 731 or months of 31 days up to 713", days)
}

// apart refuses a daily window that lies within a weekly one.
func apart(r *declared, day, weekday string) {
	from, to, err := daily(r.text(day))
	begin, end, errWeek := weekly(r.text(weekday))
	if err != nil || errWeek != nil {
		return
	}
	for shift := -24 * 60; shift <= week; shift += 24 * 60 { // the window of each day
		low, high := from+shift, from+shift+(to-from+24*60)%(24*60)
		last := begin + (end-begin+week)%week
		if low < last && begin < high || low+week < last && begin < high+week {
			r.fail(day, "is %q, which overlaps %s %q", r.text(day), weekday, r.text(weekday))
			return
		}
	}
}

var (
	userName   = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]*$`)
	schemaName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]{0,63}$`)
	snapshot   = regexp.MustCompile(`^[a-zA-Z]([a-zA-Z0-9-]*[a-zA-Z0-9])?$`)
)

func credentials(r *declared) {
	mysql := r.text("engine") == "mysql" || r.text("engine") == "mariadb"
	if user := r.text("username"); user != "" {
		most := map[bool]int{true: 16, false: 63}[r.text("engine") == "mysql"]
		r.require(userName.MatchString(user) && len(user) <= most && user != "rdsadmin", "username",
			"is %q, must be at most %d letters and digits, a letter first, and no reserved word", user, most)
	}
	if password := r.text("password"); password != "" {
		r.require(!strings.ContainsAny(password, `/"@ `) && len(password) >= 8 && (!mysql || len(password) <= 41), "password",
			`is [secret], must be 8 to 41 printable characters without / " @ and space`)
	}
	if name := r.text("dbName"); name != "" && mysql {
		r.require(schemaName.MatchString(name), "dbName", "is %q, must be at most 64 letters, digits and _, a letter first", name)
	}
	if name := r.text("finalSnapshotIdentifier"); name != "" {
		r.require(snapshot.MatchString(name) && !strings.Contains(name, "--") && len(name) <= 255, "finalSnapshotIdentifier",
			"is %q, must be letters, digits and single hyphens, a letter first and no hyphen last", name)
	}
}
