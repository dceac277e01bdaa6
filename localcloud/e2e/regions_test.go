package e2e

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/go-sql-driver/mysql"

	"newsfeed/localcloud/autoscaling"
	"newsfeed/localcloud/serve"
)

// TestTwoRegions walks through the life of the whole: up, used, replicated,
// hurt, up again, killed, up again, down.
func TestTwoRegions(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.startServing()
	c.up()
	st := c.status()
	url := c.open()
	mina, jun := signUp(t, url, "mina"), signUp(t, url, "jun")
	mina.befriend(jun)
	storyID := mina.post("the sale starts at two")

	took := eventually(t, 2*time.Second, "the story is in the friend's feed", func() error { return jun.sees("the sale starts at two") })
	t.Logf("post to visible: %s", took.Round(time.Millisecond))

	t.Run("the story is on Tokyo's replica, which refuses writes", func(t *testing.T) { replicated(t, c, st, storyID) })
	t.Run("a web process killed with -9 is started again in place", func(t *testing.T) { restarts(t, c) })
	t.Run("a web instance that is ended is replaced and no request fails meanwhile", func(t *testing.T) { survives(t, c, jun) })
	t.Run("a second up changes nothing", func(t *testing.T) {
		if out := c.up(); !strings.Contains(out, "Nothing changed") {
			t.Errorf("up says:\n%s", out)
		}
	})
	t.Run("after kill -9 of the local cloud, up brings everything back", func(t *testing.T) {
		if err := syscall.Kill(c.status().PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if out := c.up(); !strings.Contains(out, "Nothing changed") {
			t.Errorf("up says:\n%s", out)
		}
		eventually(t, 5*time.Second, "the story is still in the feed", func() error { return jun.sees("the sale starts at two") })
	})
	t.Run("down leaves nothing", func(t *testing.T) {
		began := time.Now()
		if out, err := c.run(time.Minute, "down"); err != nil {
			t.Fatalf("down: %v\n%s", err, out)
		}
		t.Logf("down took %s", time.Since(began).Round(time.Millisecond))
		if left := c.leftovers(); len(left) > 0 {
			t.Errorf("still there:\n%s", strings.Join(left, "\n"))
		}
	})
}

func (u *user) sees(body string) error {
	bodies, err := u.feed()
	if err == nil && !slices.Contains(bodies, body) {
		err = fmt.Errorf("the feed holds %q", bodies)
	}
	return err
}

func replicated(t *testing.T, c *aCloud, st *serve.Status, storyID string) {
	db := database(t, st, tokyo)
	eventually(t, 2*time.Second, "the row is on the replica", func() error {
		var n int
		err := db.QueryRow("SELECT COUNT(*) FROM stories WHERE id = UNHEX(REPLACE(?, '-', ''))", storyID).Scan(&n)
		if err == nil && n != 1 {
			err = fmt.Errorf("%d rows", n)
		}
		return err
	})
	_, err := db.Exec("DELETE FROM stories")
	const readOnly = 1290 // ER_OPTION_PREVENTS_STATEMENT
	if refused := (*mysql.MySQLError)(nil); !errors.As(err, &refused) || refused.Number != readOnly {
		t.Errorf("a write against the replica: %v, want error %d", err, readOnly)
	}
}

// database connects to a region's database as the app does: its address from
// the status, its password from the region's Secrets Manager.
func database(t *testing.T, st *serve.Status, region string) *sql.DB {
	t.Helper()
	var secret struct{ Username, Password string }
	if err := json.Unmarshal([]byte(secretOf(t, st, region, "database")), &secret); err != nil {
		t.Fatal(err)
	}
	cfg := mysql.NewConfig()
	cfg.Net, cfg.DBName, cfg.TLSConfig = "tcp", "newsfeed", "skip-verify"
	cfg.User, cfg.Passwd = secret.Username, secret.Password
	for _, db := range st.Databases {
		if db.Region == region && db.Endpoint != "" {
			cfg.Addr = db.Endpoint
		}
	}
	db, err := sql.Open("mysql", cfg.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// secretOf reads the region's secret that has kind in its name.
func secretOf(t *testing.T, st *serve.Status, region, kind string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client := secretsmanager.NewFromConfig(awsConfig(t, st, region))
	list, err := client.ListSecrets(ctx, &secretsmanager.ListSecretsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list.SecretList {
		if !strings.Contains(aws.ToString(s.Name), kind) {
			continue
		}
		value, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: s.ARN})
		if err != nil {
			t.Fatal(err)
		}
		return aws.ToString(value.SecretString)
	}
	t.Fatalf("no %s secret among %d", kind, len(list.SecretList))
	return ""
}

// awsConfig leads the AWS SDK to the local cloud.
func awsConfig(t *testing.T, st *serve.Status, region string) aws.Config {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(region), config.WithBaseEndpoint(st.AWSEndpoint),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("local", "local", "")))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// restarts kills a web instance's process: systemd starts it again, the
// instance stays.
func restarts(t *testing.T, c *aCloud) {
	victim := webGroup(c.status(), seoul).Instances[0]
	if err := syscall.Kill(victim.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, 15*time.Second, "it runs again", func() error {
		for _, i := range webGroup(c.status(), seoul).Instances {
			if i.ID == victim.ID && i.PID != 0 && i.PID != victim.PID && i.State == autoscaling.InService {
				return nil
			}
		}
		return errors.New("it does not")
	})
}

// survives ends a web instance while a user reads: no request fails, and the
// group comes back to its size.
func survives(t *testing.T, c *aCloud, u *user) {
	st := c.status()
	group := webGroup(st, seoul)
	if group == nil || group.InService() < 2 {
		t.Fatalf("web group %+v, want 2 instances in service", group)
	}
	victim := group.Instances[0]
	client := sdk.NewFromConfig(awsConfig(t, st, seoul))
	if _, err := client.TerminateInstanceInAutoScalingGroup(t.Context(), &sdk.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: &victim.ID, ShouldDecrementDesiredCapacity: aws.Bool(false)}); err != nil {
		t.Fatal(err)
	}
	var requests, failures atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		often := time.NewTicker(150 * time.Millisecond) // below the app's limit for one user, 600 reads a minute
		defer often.Stop()
		for {
			select {
			case <-stop:
				return
			case <-often.C:
			}
			requests.Add(1)
			if status, err := u.do("GET", "/v1/feed", nil, nil); err != nil || status != http.StatusOK {
				failures.Add(1)
				t.Logf("request failed: %d %v", status, err)
			}
		}
	}()
	took := eventually(t, 30*time.Second, "the group is back to its size", func() error {
		g := webGroup(c.status(), seoul)
		for _, i := range g.Instances {
			if i.ID == victim.ID {
				return fmt.Errorf("the dead instance is still %s", i.State)
			}
		}
		if g.InService() != g.Desired {
			return fmt.Errorf("%d of %d in service", g.InService(), g.Desired)
		}
		return nil
	})
	close(stop)
	<-stopped
	t.Logf("back to size in %s; %d requests meanwhile, %d failed", took.Round(time.Millisecond), requests.Load(), failures.Load())
	if failures.Load() > 0 || requests.Load() == 0 {
		t.Errorf("%d of %d requests failed", failures.Load(), requests.Load())
	}
}

func webGroup(st *serve.Status, region string) *autoscaling.Status { return groupOf(st, region, "web") }

func groupOf(st *serve.Status, region, kind string) *autoscaling.Status {
	for _, g := range st.Groups {
		if g.Region == region && strings.Contains(g.Group, kind) {
			return &g
		}
	}
	return nil
}
