package serve

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc"

	"newsfeed/localcloud/acm"
	"newsfeed/localcloud/autoscaling"
	"newsfeed/localcloud/clock"
	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/cloudwatch"
	"newsfeed/localcloud/elasticache"
	"newsfeed/localcloud/elb"
	"newsfeed/localcloud/endpoint"
	"newsfeed/localcloud/frontdoor"
	"newsfeed/localcloud/iam"
	"newsfeed/localcloud/imds"
	"newsfeed/localcloud/process"
	"newsfeed/localcloud/provider"
	"newsfeed/localcloud/rds"
	"newsfeed/localcloud/route53"
	"newsfeed/localcloud/s3"
	"newsfeed/localcloud/secretsmanager"
	"newsfeed/localcloud/sqs"
	"newsfeed/localcloud/sts"
)

// Daemon is a running local cloud.
type Daemon struct {
	cfg   Config
	info  Info
	store *cloud.Store
	clock *clock.Clock
	iam   *iam.Account

	rds         *rds.Service
	elasticache *elasticache.Service
	autoscaling *autoscaling.Service
	elb         *elb.Service
	route53     *route53.Service
	sqs         *sqs.Service
	s3          *s3.Service
	secrets     *secretsmanager.Service
	cloudwatch  *cloudwatch.Service

	provider *provider.Provider
	bodies   map[string]cloud.Body
	door     *frontdoor.Door
	grpc     *grpc.Server
	servers  []*http.Server
	unlock   func()

	preparing    sync.WaitGroup
	endPreparing context.CancelFunc

	stop     chan struct{}
	stopOnce sync.Once

	mu     sync.Mutex
	failed map[*cloud.Resource]error // bodies that could not be brought back
	dark   map[string]bool           // regions without power
}

// startAllowance is how long the app may take to start on a busy machine,
// beyond what AWS's times leave it at a fast pace.
const startAllowance = 15 * time.Second

// hookPace is the fastest that the app's launch hook may run at: the 240 s that it
// gives a process to answer are the allowance then.
const hookPace = float64(240 * time.Second / startAllowance)

// leastTimeout is how long a time-out of the provider lasts here at least: at a
// fast pace one of a few minutes would end what a busy machine is still at.
const leastTimeout = 30 * time.Second

// measureLag is how late what a minute of AWS has measured may be: long enough
// for a line of a log on a busy machine, at any pace.
const measureLag = 300 * time.Millisecond

// Open takes the directory, opens every address and brings back every body
// that was recorded. What can't be brought back is told by Restore.
func Open(ctx context.Context, cfg Config) (_ *Daemon, err error) {
	for _, dir := range []string{cfg.cloud(), cfg.LogDir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	d := &Daemon{cfg: cfg, clock: clock.New(cmp.Or(cfg.Pace, clock.DefaultPace)), stop: make(chan struct{}),
		failed: map[*cloud.Resource]error{}, dark: map[string]bool{}}
	if d.unlock, err = lock(filepath.Join(cfg.cloud(), "serve.lock")); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			d.Close()
		}
	}()
	if err := d.open(); err != nil {
		return nil, err
	}
	d.prepare(ctx)
	d.restore(ctx, d.store.All())
	return d, d.announce()
}

// prepare makes what the first database starts from, in the background: it
// takes a second or more. Alarms are evaluated there from then on.
func (d *Daemon) prepare(ctx context.Context) {
	ctx, d.endPreparing = context.WithCancel(ctx)
	d.preparing.Go(func() {
		if err := d.rds.Prepare(ctx); err != nil && ctx.Err() == nil {
			slog.Error("prepare databases", "error", err)
		}
	})
	d.preparing.Go(func() { d.cloudwatch.Run(ctx) })
}

func (d *Daemon) open() (err error) {
	dir := d.cfg.cloud()
	below := func(name string) string { return filepath.Join(dir, name) }
	if d.store, err = cloud.OpenStore(below("records")); err != nil {
		return err
	}
	addresses, err := cloud.OpenAddresses(dir, d.store)
	if err != nil {
		return err
	}
	if d.iam, err = iam.Open(iam.Config{Dir: below("iam"), Number: provider.Account, Store: d.store, Clock: d.clock}); err != nil {
		return err
	}
	authority, err := acm.Open(below("acm"))
	if err != nil {
		return err
	}
	if d.rds, err = rds.New(below("rds"), d.store, addresses, authority, d.clock); err != nil {
		return err
	}
	if d.sqs, err = sqs.New(below("sqs")); err != nil {
		return err
	}
	if d.s3, err = s3.New(below("s3")); err != nil {
		return err
	}
	d.s3.Alias("http://"+d.cfg.FrontDoor, "https://"+d.cfg.Domain)
	if d.secrets, err = secretsmanager.New(below("secretsmanager")); err != nil {
		return err
	}
	d.elasticache = elasticache.New(below("elasticache"), d.store, addresses, authority, d.clock)
	d.elb = elb.New(d.store, addresses, authority, below("elb"))
	if d.route53, err = route53.Start(d.store, d.elb, d.cfg.DNS, ""); err != nil {
		return err
	}
	for id, name := range d.cfg.Zones {
		d.route53.Host(id, name)
	}
	if d.cloudwatch, err = cloudwatch.New(cloudwatch.Config{
		Dir: below("cloudwatch"), Store: d.store, Clock: d.clock, Lag: measureLag,
	}); err != nil {
		return err
	}
	d.cloudwatch.AddSource(cloudwatch.BalancerSource(d.elb))
	d.autoscaling = autoscaling.New(autoscaling.Config{
		Dir: below("autoscaling"), Logs: d.cfg.LogDir(), Store: d.store, Addresses: addresses, Balancer: d.elb, Objects: d.s3,
		Clock: d.clock, Allowance: startAllowance, Alarms: d.cloudwatch, Identity: imds.New(d.iam, provider.Account).Open,
		Env: func(region string) []string { return d.machine(region, authority.CAFile()) },
	})
	if d.door, err = frontdoor.Open(frontdoor.Config{
		Listen: d.cfg.FrontDoor, Domain: d.cfg.Domain, Lookup: d.route53.Resolver(), Trust: authority.Pool(), MaxTTL: 5 * time.Second,
	}); err != nil {
		return err
	}
	d.collectBodies()
	return d.listen()
}

// machine is the environment that every instance of a region finds; its
// credentials it asks its metadata service for.
func (d *Daemon) machine(region, caFile string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"SSL_CERT_FILE=" + caFile,
		"AWS_ENDPOINT_URL=http://" + d.cfg.AWS,
		"AWS_REGION=" + region,
		"NEWSFEED_DNS=" + d.cfg.DNS.String(),
		"NEWSFEED_PACE=" + strconv.FormatFloat(min(d.clock.Pace, hookPace), 'f', -1, 64),
	}
}

func (d *Daemon) collectBodies() {
	d.bodies = map[string]cloud.Body{}
	for _, bodies := range []map[string]cloud.Body{
		d.rds.Bodies(), d.elasticache.Bodies(), d.autoscaling.Bodies(), d.elb.Bodies(),
		d.route53.Bodies(), d.sqs.Bodies(), d.s3.Bodies(), d.secrets.Bodies(), d.cloudwatch.Bodies(),
	} {
		for typ, body := range bodies {
			d.bodies[typ] = body
		}
	}
}

// listen opens the provider, the AWS endpoints and the control endpoint.
func (d *Daemon) listen() error {
	d.provider = provider.New(d.store, d.bodies, provider.Functions(d.route53.ZoneID), provider.WithClock(d.clock, leastTimeout))
	engine, err := process.Listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	d.grpc = d.provider.Serve(engine)
	aws, err := process.Listen(d.cfg.AWS)
	if err != nil {
		return err
	}
	d.serve(aws, endpoint.Guarded(map[string]endpoint.Service{
		"sqs": powered{d.sqs, d}, "s3": powered{d.s3, d}, "secretsmanager": powered{d.secrets, d},
		"autoscaling": powered{d.autoscaling, d}, "monitoring": powered{d.cloudwatch, d}, "sts": powered{sts.Service{}, d}}, d.iam))
	control, err := process.Listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	d.serve(control, d.control())
	d.info = Info{PID: os.Getpid(), Start: process.StartTime(os.Getpid()), Control: control.Addr().String(),
		Provider: engine.Addr().(*net.TCPAddr).Port, URL: d.door.URL(), Since: time.Now()}
	return nil
}

func (d *Daemon) serve(l net.Listener, h http.Handler) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	d.servers = append(d.servers, server)
	go server.Serve(l)
}

// announce writes how to reach the daemon: from now on commands use it.
func (d *Daemon) announce() error {
	raw, err := json.MarshalIndent(d.info, "", " ")
	if err != nil {
		return err
	}
	return cloud.WriteFile(d.cfg.infoFile(), raw)
}

// Stopped is closed when someone asked the daemon to end.
func (d *Daemon) Stopped() <-chan struct{} { return d.stop }

// Close ends every process and frees every address; what is recorded stays.
func (d *Daemon) Close() {
	if d.endPreparing != nil {
		d.endPreparing()
		d.preparing.Wait()
	}
	for _, server := range d.servers {
		server.Close()
	}
	if d.grpc != nil {
		d.grpc.Stop()
	}
	if d.door != nil {
		d.door.Close()
	}
	if d.autoscaling != nil {
		d.autoscaling.Close()
	}
	var wg sync.WaitGroup
	if d.route53 != nil {
		wg.Go(d.route53.Close)
	}
	if d.elb != nil {
		wg.Go(d.elb.Close)
	}
	if d.elasticache != nil {
		wg.Go(d.elasticache.Close)
	}
	if d.rds != nil {
		wg.Go(d.rds.Close)
	}
	wg.Wait()
	os.Remove(d.cfg.infoFile())
	if d.unlock != nil {
		d.unlock()
	}
}
