package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"newsfeed/localcloud/autoscaling"
	"newsfeed/localcloud/rds"
	"newsfeed/localcloud/serve"
)

// statusCmd shows how everything does.
type statusCmd struct {
	JSON bool `help:"For programs." name:"json"`
}

// Run asks the local cloud.
func (c *statusCmd) Run(s *system) error {
	client, err := serve.Connect(s.serve)
	if err != nil {
		return err
	}
	status, err := client.Status(s.ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(status)
	}
	printStatus(os.Stdout, status)
	fmt.Printf("\nOpen %s\n", status.URL)
	return nil
}

// printStatus prints the table that ends 'make up'.
func printStatus(w io.Writer, st *serve.Status) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, region := range regions(st) {
		fmt.Fprintf(table, "%s%s\t\t\n", region, lost(st, region))
		for _, row := range rows(st, region) {
			fmt.Fprintf(table, "  %s\t%s\t\n", row[0], row[1])
		}
	}
	fmt.Fprintf(table, "DNS\t\t\n")
	for _, name := range st.DNS.Names {
		if name.Type != "A" {
			continue
		}
		answer := strings.Join(name.Answers, " ")
		if answer == "" {
			answer = "no answer"
		}
		if name.From != "" {
			answer += "  (" + name.From + ")"
		}
		fmt.Fprintf(table, "  %s\t%s\t\n", strings.TrimSuffix(name.Name, "."), answer)
	}
	for _, check := range st.DNS.HealthChecks {
		health := "healthy"
		if !check.Healthy {
			health = "unhealthy: " + check.Problem
		}
		fmt.Fprintf(table, "  check %s\t%s since %s\t\n", check.Name, health, check.Since.Format("15:04:05"))
	}
	fmt.Fprintf(table, "memory\t%d MiB resident in %d processes\t\n", st.Memory.ResidentMiB, st.Memory.Processes)
	for _, failure := range st.Failed {
		fmt.Fprintf(table, "NOT BACK\t%s\t\n", failure)
	}
	table.Flush()
}

// lost tells that a region is not up.
func lost(st *serve.Status, region string) string {
	for _, r := range st.Regions {
		if r.Region == region {
			return fmt.Sprintf("  %s, %d calls refused: 'localcloud region %s --up'", strings.ToUpper(string(r.State)), r.Refused, region)
		}
	}
	return ""
}

func regions(st *serve.Status) []string {
	var names []string
	for _, db := range st.Databases {
		names = append(names, db.Region)
	}
	for _, b := range st.Balancers {
		names = append(names, b.Region)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// rows are the lines of one region: what, and how it does.
func rows(st *serve.Status, region string) [][2]string {
	var out [][2]string
	add := func(what, format string, args ...any) {
		out = append(out, [2]string{what, fmt.Sprintf(format, args...)})
	}
	for _, b := range st.Balancers {
		if b.Region == region {
			healthy, all := 0, 0
			for _, g := range b.Groups {
				for _, t := range g.Targets {
					all++
					if t.State == "healthy" {
						healthy++
					}
				}
			}
			add("load balancer", "%v, %d of %d targets healthy", b.Addresses, healthy, all)
		}
	}
	for _, g := range st.Groups {
		if g.Region == region {
			add("instances", "%s: %d of %d in service%s", g.Group, g.InService(), g.Desired, addresses(g.Instances))
		}
	}
	for _, db := range st.Databases {
		if db.Region == region {
			add("database", "%s %s %s", db.ID, databaseState(db), db.Endpoint)
		}
	}
	for _, c := range st.Caches {
		if c.Region == region {
			add("cache", "%s at %s, %d keys%s", c.ID, c.Endpoint, c.Keys, map[bool]string{false: ", DOWN"}[c.Available])
		}
	}
	for _, q := range st.Queues {
		if q.Region == region {
			add("queue", "%s: %d waiting, %d in flight", q.Name, q.Visible, q.InFlight)
		}
	}
	return out
}

func addresses(instances []autoscaling.InstanceStatus) string {
	text := ""
	for _, i := range instances {
		text += " " + i.Address
		if i.State != autoscaling.InService {
			text += "(" + string(i.State) + ")"
		}
	}
	return ":" + text
}

func databaseState(db rds.Status) string {
	switch {
	case !db.Available:
		return db.Role + ", DOWN"
	case db.Role == "backups":
		return "backups, shipped as they are written"
	case db.Replication == nil:
		return db.Role
	case !db.Replication.Running:
		return "replica, NOT REPLICATING " + db.Replication.Error
	}
	return fmt.Sprintf("replica, %.0f s behind", db.Replication.LagSeconds)
}
