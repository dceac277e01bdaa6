package infra

import (
	"encoding/json"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// A dashboard is a grid of 24 columns.
const (
	columns      = 24
	widgetWidth  = 6
	widgetHeight = 5
)

// widget is a tile of the dashboard as CloudWatch describes it.
type widget struct {
	Type       string         `json:"type"`
	X          int            `json:"x"`
	Y          int            `json:"y"`
	Width      int            `json:"width"`
	Height     int            `json:"height"`
	Properties map[string]any `json:"properties"`
}

// business is what the product is measured by, as the app and the watchdog
// write it.
var business = []struct{ title, metric, stat string }{
	{"Stories posted", "StoriesPosted", "Sum"},
	{"Sign-ups", "SignUps", "Sum"},
	{"Users of the day", "DailyActiveUsers", "Maximum"},
	{"Users of the month", "MonthlyActiveUsers", "Maximum"},
	{"Feed reads", "FeedReads", "Sum"},
	{"Feed reads, p99 (ms)", "FeedReadLatency", "p99"},
	{"Cache hits", "CacheHits", "Sum"},
	{"Cache misses", "CacheMisses", "Sum"},
	{"Post to visible, p99 (ms)", "PostToVisibleAge", "p99"},
	{"Fan-out inserts", "FanoutInserts", "Sum"},
	{"Fan-out backlog in the outbox", "OutboxBacklog", "Maximum"},
	{"Replica lag (ms)", "ReplicaLag", "Maximum"},
	{"Connections in use", "DatabaseConnectionsInUse", "Maximum"},
	{"Wait for a connection (ms)", "DatabasePoolWait", "Maximum"},
	{"The other region answers in (ms)", "PeerLatency", "Maximum"},
	{"The page answers in (ms)", "SiteLatency", "Maximum"},
}

// Dashboard is the region at a glance: which alarms are on, what the product
// does, and every series that has an alarm, with its threshold.
type Dashboard struct {
	pulumi.ResourceState
}

// NewDashboard draws the alarms.
func NewDashboard(ctx *pulumi.Context, name, region string, alarms *Alarms, opts ...pulumi.ResourceOption) (*Dashboard, error) {
	d := &Dashboard{}
	return d, component(ctx, "Dashboard", name, d, opts, func(s *scope) {
		body := alarms.arns.ToStringArrayOutput().ApplyT(func(arns []string) (string, error) {
			return dashboardBody(region, arns)
		}).(pulumi.StringOutput)
		add(s, "region", cloudwatch.NewDashboard, &cloudwatch.DashboardArgs{
			DashboardName: pulumi.String(s.ctx.Project() + "-" + s.ctx.Stack()),
			DashboardBody: body,
		})
	})
}

func dashboardBody(region string, alarms []string) (string, error) {
	widgets := []widget{{Type: "alarm", Width: columns, Height: widgetHeight, Properties: map[string]any{
		"title": "Alarms", "alarms": alarms, "sortBy": "stateUpdatedTimestamp"}}}
	place := func(properties map[string]any) {
		i := len(widgets) - 1 // the first has a row of its own
		properties["region"], properties["period"] = region, 60
		widgets = append(widgets, widget{"metric", i * widgetWidth % columns, (1 + i*widgetWidth/columns) * widgetHeight,
			widgetWidth, widgetHeight, properties})
	}
	for _, b := range business {
		place(map[string]any{"title": b.title, "stat": b.stat, "metrics": [][]string{{appNamespace, b.metric, "Region", region}}})
	}
	for _, arn := range alarms {
		place(map[string]any{"annotations": map[string]any{"alarms": []string{arn}}})
	}
	text, err := json.Marshal(map[string]any{"widgets": widgets})
	return string(text), err
}
