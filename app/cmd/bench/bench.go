package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/feed"
	"newsfeed/app/mysql"
	"newsfeed/app/password"
	"newsfeed/app/redis"
)

// bench is the stores, the app in this process, and the app's own processes.
type bench struct {
	runCommand
	stores  *apptest.Stores
	cloud   string // URL of the AWS endpoint
	db      *mysql.DB
	cache   *redis.Cache
	service *feed.Service
	queue   *apptest.Queue
	cancel  context.CancelFunc
	ended   chan struct{}

	people []person
	result result
}

// person is a user with a session.
type person struct {
	app.User
	token app.Token
}

// connections is how many clients load each server, and how many connections
// each side has to the database.
const connections = 16

// home is the region that writes.
type home struct{}

func (home) Writable() error    { return nil }
func (home) Fed() (int64, bool) { return 1, true }

func newBench(ctx context.Context, c runCommand) (_ *bench, err error) {
	b := &bench{runCommand: c, queue: &apptest.Queue{}, ended: make(chan struct{})}
	if b.stores, err = apptest.StartWith(ctx, map[string]string{"innodb_buffer_pool_size": "2G", "innodb_log_file_size": "512M"}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			b.stores.Stop()
		}
	}()
	if b.cloud, err = b.stores.StartCloud(ctx); err != nil {
		return nil, err
	}
	if b.Feed == "" {
		b.Feed = filepath.Join(b.stores.Dir, "feed")
		build := exec.CommandContext(ctx, "go", "build", "-o", b.Feed, "newsfeed/app/cmd/feed")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build feed: %w\n%s", err, out)
		}
	}
	if b.db, err = mysql.Open(mysql.Config{Writer: b.stores.DatabaseAddr, Name: apptest.DatabaseName, User: apptest.DatabaseUser,
		Password: apptest.DatabasePass, WriterConnections: connections}); err != nil {
		return nil, err
	}
	if err := b.db.Migrate(ctx, 10*time.Second); err != nil {
		return nil, err
	}
	if err := b.db.InitLease(ctx, apptest.Region); err != nil {
		return nil, err
	}
	b.cache = redis.Open(redis.Config{Addrs: []string{b.stores.CacheAddr}})
	b.cache.SetEpoch(1) // that of the lease, which the web process reads
	b.service = feed.NewService(feed.Service{DB: b.db, Cache: b.cache, Queue: b.queue, Gate: home{},
		IDs: app.NewIDs(time.Now), Hasher: password.New(true), Now: time.Now})
	run, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	go func() { b.service.Run(run); close(b.ended) }()
	return b, nil
}

func (b *bench) close() {
	b.cancel()
	<-b.ended
	b.db.Close()
	b.cache.Close()
	b.stores.Stop()
}

// serve starts a process that listens on its own loopback address, and waits
// until it answers.
func (b *bench) serve(ctx context.Context, path string, args []string, env ...string) (base string, cmd *exec.Cmd, err error) {
	return b.launch(ctx, path, args, append(b.configured(), env...))
}

// configured is the environment of a process that uses the stores.
func (b *bench) configured() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + b.cloud, "AWS_REGION=" + apptest.Region, "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local",
		"NEWSFEED_REGION=" + apptest.Region, "NEWSFEED_DRAIN_SECONDS=0",
		"NEWSFEED_DATABASE_WRITER=" + b.stores.DatabaseAddr, "NEWSFEED_DATABASE_NAME=" + apptest.DatabaseName,
		"NEWSFEED_DATABASE_SECRET=" + apptest.DatabaseSecret, "NEWSFEED_DATABASE_TLS=off",
		"NEWSFEED_CACHE=" + b.stores.CacheAddr, "NEWSFEED_CACHE_TLS=off",
		"NEWSFEED_QUEUE_URL=" + apptest.QueueURL, "NEWSFEED_MEDIA_BUCKET=" + apptest.MediaBucket,
	}
}

func (b *bench) launch(ctx context.Context, path string, args, env []string) (base string, cmd *exec.Cmd, err error) {
	address := b.stores.Address()
	cmd = exec.Command(path, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.stores.Dir, "NEWSFEED_ADDRESS=" + address, "NEWSFEED_PORT=8080"}, env...)
	log, err := os.Create(filepath.Join(b.stores.Dir, filepath.Base(path)+"-"+args[0]+".log"))
	if err != nil {
		return "", nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	base = address + ":8080"
	for deadline := time.Now().Add(10 * time.Second); ; {
		if err = probe(ctx, "http://"+base+"/healthz/ready"); err == nil {
			return base, cmd, nil
		}
		if time.Now().After(deadline) {
			stop(cmd)
			out, _ := os.ReadFile(log.Name())
			return "", nil, fmt.Errorf("%s %v is not ready: %w\n%s", path, args, err, out)
		}
		time.Sleep(2 * time.Millisecond) // between two probes
	}
}

func stop(cmd *exec.Cmd) {
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Wait()
}
