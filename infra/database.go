package infra

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	engine        = "mysql"
	engineVersion = "8.4"
	engineFamily  = "mysql8.4"
)

// DatabaseArgs is what a Database needs.
type DatabaseArgs struct {
	DatabaseConfig
	Kind     DatabaseKind
	Second   bool   // of the two regions: its windows are other ones
	Replicas int    // in the region
	Source   string // ARN of the primary in the other region: of what is replicated, or restored
	Restore  bool   // a Writer that begins with the replicated backups of Source
	Password Secret
	Monitor  Monitor
	Network  *Network
	Firewall *Firewall
	Secrets  *Secrets
	Alerting *Alerting
}

// Database is the MySQL instance: the same logical resource whether it is the
// primary or a cross-region replica, so that a role change promotes it in place.
type Database struct {
	pulumi.ResourceState

	Instance *rds.Instance       // nil if the stack keeps backups only
	Endpoint pulumi.StringOutput // host:port of the instance
	Readers  pulumi.StringArray  // host:port of the replicas, or of the instance if there is none

	replicated []*rds.Instance // the replicas in the region
	backups    *rds.InstanceAutomatedBackupsReplication
}

// NewDatabase makes what args.Kind says.
func NewDatabase(ctx *pulumi.Context, name string, args DatabaseArgs, opts ...pulumi.ResourceOption) (*Database, error) {
	d := &Database{}
	return d, component(ctx, "Database", name, d, opts, func(s *scope) {
		if args.Kind == BackupsOnly || args.Restore {
			d.backups = add(s, "backups", rds.NewInstanceAutomatedBackupsReplication, &rds.InstanceAutomatedBackupsReplicationArgs{
				SourceDbInstanceArn: pulumi.String(args.Source),
				KmsKeyId:            args.Secrets.Key.Arn,
				RetentionPeriod:     pulumi.Int(args.BackupDays),
			})
		}
		if args.Kind == BackupsOnly {
			return
		}
		parameters := parameterGroup(s, args)
		d.instance(s, args, parameters)
		d.replicas(s, args)
		d.events(s, args)
		s.fill("connection", args.Secrets.Database, pulumi.StringMap{
			"username": pulumi.String(databaseUser), "password": args.Password.Output(),
			"endpoint": d.Endpoint, "readers": joined(d.Readers)})
	})
}

// windows are the hours, in UTC, in which the instance is backed up and
// maintained: the small hours of Seoul. The regions have different ones, and the
// second, which replicates, is maintained first: a replica's engine must not be
// older than its source's (RDS: Upgrading a MySQL DB engine version). A replica
// that is being backed up cannot be promoted.
func windows(second bool) (backup, maintenance string) {
	if second {
		return "16:00-17:00", "sat:17:30-sat:18:30"
	}
	return "18:00-19:00", "sun:19:30-sun:20:30"
}

// How long the provider waits. Its own default ends a creation after 40 minutes,
// and leaves an instance that no state knows (terraform-provider-aws 22990).
var databaseTimeouts = pulumi.Timeouts(&pulumi.CustomTimeouts{Create: "3h", Update: "3h", Delete: "2h"})

// instance makes the primary or the replica. As a replica it has no username,
// password or database name: those are its source's until it is promoted.
func (d *Database) instance(s *scope, args DatabaseArgs, parameters *rds.ParameterGroup) {
	subnets := add(s, "subnets", rds.NewSubnetGroup, &rds.SubnetGroupArgs{SubnetIds: args.Network.Isolated, Tags: named(s, "database")})

	in := d.common(args)
	in.ParameterGroupName = parameters.Name
	in.Engine = pulumi.String(engine)
	in.EngineVersion = pulumi.String(engineVersion)
	in.AllocatedStorage = pulumi.Int(args.StorageGiB)
	in.DbSubnetGroupName = subnets.Name
	in.KmsKeyId = args.Secrets.Key.Arn
	in.MultiAz = pulumi.Bool(args.MultiAZ)
	in.BackupRetentionPeriod = pulumi.Int(args.BackupDays)
	backup, _ := windows(args.Second)
	in.BackupWindow = pulumi.String(backup)
	in.DeletionProtection = pulumi.Bool(true)
	in.FinalSnapshotIdentifier = pulumi.Sprintf("%s-%s-final", s.ctx.Project(), s.ctx.Stack())
	in.Tags = named(s, "database")
	switch {
	case args.Kind == Replica:
		in.ReplicateSourceDb = pulumi.String(args.Source)
		in.SkipFinalSnapshot = pulumi.Bool(true) // RDS takes none of a replica
	case args.Restore:
		in.Password = args.Password.Output()
		in.RestoreToPointInTime = rds.InstanceRestoreToPointInTimeArgs{
			SourceDbInstanceAutomatedBackupsArn: d.backups.ID(), UseLatestRestorableTime: pulumi.Bool(true)}
	default:
		in.Username = pulumi.String(databaseUser)
		in.Password = args.Password.Output()
		in.DbName = pulumi.String(databaseName)
	}
	// What an instance was once restored from must not replace it later, nor the
	// names that a replica has from its source and shows when it is promoted.
	d.Instance = add(s, "instance", rds.NewInstance, in, pulumi.Protect(true), databaseTimeouts, args.Monitor.may,
		pulumi.IgnoreChanges([]string{"restoreToPointInTime", "dbName", "username"}))
	d.Endpoint = d.Instance.Endpoint
	d.Readers = pulumi.StringArray{d.Endpoint}
}

// replicas makes the read replicas in the region, which take their subnets,
// parameters and key from their source: AWS refuses to be told. One that has
// another source is another replica (terraform-provider-aws 16054).
func (d *Database) replicas(s *scope, args DatabaseArgs) {
	if args.Replicas > 0 {
		d.Readers = nil
	}
	for i := range args.Replicas {
		in := d.common(args)
		in.ReplicateSourceDb = d.Instance.Identifier
		in.SkipFinalSnapshot = pulumi.Bool(true) // it holds nothing of its own
		in.Tags = named(s, fmt.Sprintf("reader-%d", i+1))
		reader := add(s, fmt.Sprintf("reader-%d", i+1), rds.NewInstance, in, databaseTimeouts, args.Monitor.may, pulumi.ReplaceOnChanges([]string{"replicateSourceDb"}))
		d.replicated, d.Readers = append(d.replicated, reader), append(d.Readers, reader.Endpoint)
	}
}

// common is what the instance and its replicas share.
func (d *Database) common(args DatabaseArgs) *rds.InstanceArgs {
	_, maintenance := windows(args.Second)
	in := &rds.InstanceArgs{
		InstanceClass:       pulumi.String(args.InstanceClass),
		MaxAllocatedStorage: pulumi.Int(args.MaxStorageGiB),
		StorageType:         pulumi.String("gp3"),
		StorageEncrypted:    pulumi.Bool(true),
		VpcSecurityGroupIds: pulumi.StringArray{args.Firewall.Group("database")},
		PubliclyAccessible:  pulumi.Bool(false),
		// What `up` reports as done is done; what needs a quiet hour is deployed in one.
		ApplyImmediately:             pulumi.Bool(true),
		AutoMinorVersionUpgrade:      pulumi.Bool(true),
		MaintenanceWindow:            pulumi.String(maintenance),
		CopyTagsToSnapshot:           pulumi.Bool(true),
		DeleteAutomatedBackups:       pulumi.Bool(false),
		EngineLifecycleSupport:       pulumi.String("open-source-rds-extended-support-disabled"),
		EnabledCloudwatchLogsExports: pulumi.ToStringArray([]string{"error", "slowquery"}),
		MonitoringInterval:           pulumi.Int(15),
		MonitoringRoleArn:            args.Monitor.Role.Arn,
		PerformanceInsightsEnabled:   pulumi.Bool(hasInsights(args.InstanceClass)),
	}
	if hasInsights(args.InstanceClass) {
		in.PerformanceInsightsKmsKeyId = args.Secrets.Key.Arn
		in.PerformanceInsightsRetentionPeriod = pulumi.Int(7) // days; longer is billed
	}
	if args.IOPS > 0 {
		in.Iops = pulumi.Int(args.IOPS)
	}
	return in
}

// hasInsights says whether RDS offers Performance Insights for MySQL on the
// class: not on the smallest (RDS: Amazon RDS DB engine, Region, and instance
// class support for Performance Insights).
func hasInsights(class string) bool {
	return !strings.HasPrefix(class, "db.t4g.") || !strings.HasSuffix(class, ".micro") && !strings.HasSuffix(class, ".small")
}

// parameters of MySQL, all dynamic: a static one would take effect with a reboot
// only, and RDS refuses to be asked for less.
type parameter struct{ name, value string }

func parameterGroup(s *scope, args DatabaseArgs) *rds.ParameterGroup {
	parameters := []parameter{
		{"max_connections", strconv.Itoa(args.MaxConnections)},
		{"require_secure_transport", "1"},
		{"binlog_format", "ROW"},
		{"slow_query_log", "1"},
		{"long_query_time", "0.5"},
		{"log_output", "FILE"},            // RDS's default is a table, which no log group sees
		{"wait_timeout", "600"},           // above the pools' idle time
		{"interactive_timeout", "3600"},   // a person at a prompt
		{"max_execution_time", "10000"},   // ms, SELECT only: below every request's deadline is the app's own
		{"innodb_lock_wait_timeout", "5"}, // s: a request does not wait longer
		// performance_schema is left alone: RDS manages it for Performance Insights
		// unless it is set (RDS: Turning on the Performance Schema).
	}
	return add(s, "parameters", rds.NewParameterGroup, &rds.ParameterGroupArgs{
		Family:      pulumi.String(engineFamily),
		Description: pulumi.String("What newsfeed asks of MySQL"),
		Parameters: rds.ParameterGroupParameterArray(plural(parameters, func(p parameter) rds.ParameterGroupParameterInput {
			return rds.ParameterGroupParameterArgs{
				Name: pulumi.String(p.name), Value: pulumi.String(p.value), ApplyMethod: pulumi.String("immediate")}
		})),
		Tags: named(s, "parameters"),
	})
}

// events tells on-call what RDS reports about the instance.
func (d *Database) events(s *scope, args DatabaseArgs) {
	add(s, "events", rds.NewEventSubscription, &rds.EventSubscriptionArgs{
		SnsTopic:   args.Alerting.Topic.Arn,
		SourceType: pulumi.String("db-instance"),
		SourceIds:  pulumi.StringArray{d.Instance.Identifier},
		EventCategories: pulumi.ToStringArray([]string{
			"availability", "failover", "failure", "low storage", "maintenance", "read replica", "recovery"}),
		Tags: named(s, "events"),
	})
}
