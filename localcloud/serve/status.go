package serve

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"newsfeed/localcloud/autoscaling"
	"newsfeed/localcloud/elasticache"
	"newsfeed/localcloud/elb"
	"newsfeed/localcloud/rds"
	"newsfeed/localcloud/route53"
	"newsfeed/localcloud/sqs"
)

// Status is how everything does, as 'localcloud status --json' prints it.
type Status struct {
	URL         string               `json:"url"`
	Domain      string               `json:"domain"`
	PID         int                  `json:"pid"`
	AWSEndpoint string               `json:"aws_endpoint"`
	Resources   int                  `json:"resources"`
	Failed      []string             `json:"failed,omitempty"` // not brought back after a restart
	Regions     []RegionStatus       `json:"regions"`          // but for those that are well
	Memory      Memory               `json:"memory"`
	Balancers   []elb.Status         `json:"balancers"`
	Groups      []autoscaling.Status `json:"groups"`
	Databases   []rds.Status         `json:"databases"`
	Caches      []elasticache.Status `json:"caches"`
	Queues      []sqs.Status         `json:"queues"`
	DNS         route53.Status       `json:"dns"`
}

// Memory is what the local cloud and all it runs hold in memory.
type Memory struct {
	ResidentMiB int `json:"resident_mib"` // pages shared between processes count once
	Processes   int `json:"processes"`
}

// Status asks every service.
func (d *Daemon) Status(ctx context.Context) Status {
	st := Status{
		URL: d.door.URL(), Domain: d.cfg.Domain, PID: os.Getpid(), AWSEndpoint: "http://" + d.cfg.AWS,
		Resources: len(d.store.All()), Regions: d.regions(), Memory: memory(),
		Balancers: d.elb.Status(), Groups: d.autoscaling.Status(), Databases: d.rds.Status(ctx),
		Caches: d.elasticache.Status(ctx), Queues: d.sqs.Status(), DNS: d.route53.Status(),
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for r, err := range d.failed {
		st.Failed = append(st.Failed, r.ID+": "+err.Error())
	}
	return st
}

// memory adds up the proportional set size of this process and its children.
func memory() (m Memory) {
	pids := []string{strconv.Itoa(os.Getpid())}
	for _, task := range glob("/proc/self/task/*/children") {
		raw, _ := os.ReadFile(task)
		pids = append(pids, strings.Fields(string(raw))...)
	}
	kib := 0
	for _, pid := range pids {
		raw, err := os.ReadFile("/proc/" + pid + "/smaps_rollup")
		if err != nil {
			continue // it ended meanwhile
		}
		m.Processes++
		for line := range strings.Lines(string(raw)) {
			if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
				n, _ := strconv.Atoi(strings.Fields(rest)[0])
				kib += n
			}
		}
	}
	m.ResidentMiB = kib / 1024
	return m
}

func glob(pattern string) []string {
	files, _ := filepath.Glob(pattern)
	return files
}
