package e2e

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"newsfeed/localcloud/serve"
)

// TestBadConfig refuses what a person may get wrong in a stack file: the error
// names it, and nothing was made.
func TestBadConfig(t *testing.T) {
	t.Parallel()
	drop := func(pattern string) func(*aCloud) {
		return func(c *aCloud) { c.replace("tokyo", pattern, "") }
	}
	tests := map[string]struct {
		change func(c *aCloud)
		want   []string
	}{
		"a misspelt key":           {func(c *aCloud) { c.edit("seoul", "newsfeed:strategy:", "newsfeed:stratgy:") }, []string{"newsfeed:stratgy", "strategy"}},
		"a misspelt key inside":    {func(c *aCloud) { c.edit("seoul", "instanceClass:", "instanceClas:") }, []string{"newsfeed:database.instanceClas", "instanceClass"}},
		"a value of another type":  {func(c *aCloud) { c.replace("seoul", `min: 2`, "min: two") }, []string{"newsfeed:web.min", "number"}},
		"networks that overlap":    {func(c *aCloud) { c.replace("tokyo", `cidr: .*`, fmt.Sprintf("cidr: 10.%d.0.0/16", c.blocks[0])) }, []string{"newsfeed:network.cidr", "overlaps", "seoul", "tokyo"}},
		"one availability zone":    {func(c *aCloud) { c.replace("seoul", `azs: .*`, "azs: [ap-northeast-2a]") }, []string{"newsfeed:network.azs"}},
		"a standby without a peer": {func(c *aCloud) { drop(`(?m)^ *newsfeed:peer:.*\n`)(c); c.remove("seoul") }, []string{"newsfeed:peer", "standby"}},
		"a standby before its peer": {func(c *aCloud) { c.remove("seoul") },
			[]string{"stack seoul", "bring it up first", "make up"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			tt.change(c)
			c.refused(tt.want...)
			if left := c.leftovers(); len(left) > 0 {
				t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
			}
		})
	}
}

// TestInTheWay finds what is in the way on this machine, and names it.
func TestInTheWay(t *testing.T) {
	t.Parallel()
	t.Run("a fixed port in use", func(t *testing.T) {
		t.Parallel()
		c := newCloud(t)
		occupy(t, c.serve.FrontDoor)
		c.refused(c.serve.FrontDoor+" is in use by", fmt.Sprintf("pid %d", os.Getpid()), "--help")
	})
	t.Run("an instance's loopback address in use", func(t *testing.T) {
		t.Parallel()
		c := newCloud(t)
		var held []net.Listener
		for host := 10; host <= 11; host++ { // the database's is one of them, the cache's the other
			held = append(held, occupy(t, fmt.Sprintf("127.%d.128.%d:3306", c.blocks[0], host)))
		}
		c.refused(fmt.Sprintf("127.%d.128.1", c.blocks[0]), ":3306 is in use by", fmt.Sprintf("pid %d", os.Getpid()))
		for _, l := range held {
			l.Close()
		}
		c.up() // goes on from where it was
	})
	t.Run("a corrupt state file is not overwritten", func(t *testing.T) {
		t.Parallel()
		c := newCloud(t)
		file := filepath.Join(c.dir, "state", ".pulumi", "stacks", "newsfeed", "seoul.json")
		c.plant(file, `{"version": 3, "checkp`)
		c.refused(file, "corrupt", ".bak", "down --force")
		if raw, _ := os.ReadFile(file); string(raw) != `{"version": 3, "checkp` {
			t.Errorf("the file holds %q now", raw)
		}
	})
	t.Run("a corrupt record is not overwritten", func(t *testing.T) {
		t.Parallel()
		c := newCloud(t)
		file := filepath.Join(c.dir, "cloud", "records", "x.json")
		c.plant(file, `{"urn`)
		c.refused(file, "corrupt", "down --force")
		if raw, _ := os.ReadFile(file); string(raw) != `{"urn` {
			t.Errorf("the file holds %q now", raw)
		}
	})
	t.Run("a stack that a living process holds", func(t *testing.T) {
		t.Parallel()
		c := newCloud(t)
		c.plant(filepath.Join(c.dir, "state", ".pulumi", "locks", "organization", "newsfeed", "seoul", "1.json"),
			fmt.Sprintf(`{"pid": %d, "timestamp": %q}`, os.Getpid(), time.Now().Format(time.RFC3339)))
		c.refused("stack seoul is being changed by process", fmt.Sprint(os.Getpid()))
	})
}

// TestInterrupted stops up half-way, by Ctrl-C and by kill -9 of it and of the
// local cloud, and each time up goes on.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	for _, blow := range []os.Signal{os.Interrupt, os.Kill} {
		cmd := c.command(t.Context(), "up")
		out := &watched{want: "aws:rds:Instance", seen: make(chan struct{})}
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-out.seen:
		case <-time.After(time.Minute):
			t.Fatal("up does not reach the database")
		}
		if err := cmd.Process.Signal(blow); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil {
			t.Errorf("up ended well after %s", blow)
		}
		if blow == os.Kill { // and the local cloud with it
			client, err := serve.Connect(c.serve)
			if err != nil {
				t.Fatal(err)
			}
			if p, err := os.FindProcess(client.Info.PID); err == nil {
				p.Kill()
			}
		}
		eventually(t, 30*time.Second, "the engine has let go of the stack", func() error {
			if engines := c.engines(); len(engines) > 0 {
				return errors.New(engines[0])
			}
			return nil
		})
	}
	c.up()
	if out := c.up(); !strings.Contains(out, "Nothing changed") {
		t.Errorf("the next up says:\n%s", out)
	}
}

// refused runs up, which must fail and say all of want.
func (c *aCloud) refused(want ...string) {
	c.t.Helper()
	out, err := c.run(2*time.Minute, "up")
	if err == nil {
		c.t.Fatalf("up went well:\n%s", out)
	}
	_, said, _ := strings.Cut(out, "\nlocalcloud: ")
	for _, w := range want {
		if !strings.Contains(said, w) {
			c.t.Errorf("the error does not say %q:\n%s", w, said)
		}
	}
}

// replace changes what the pattern matches in a stack's file.
func (c *aCloud) replace(stack, pattern, replacement string) {
	c.t.Helper()
	file := "Pulumi." + stack + ".yaml"
	raw, err := os.ReadFile(filepath.Join(c.project, file))
	if err != nil {
		c.t.Fatal(err)
	}
	changed := regexp.MustCompile(pattern).ReplaceAllString(string(raw), replacement)
	if changed == string(raw) {
		c.t.Fatalf("%s has nothing like %s", file, pattern)
	}
	c.write(file, changed)
}

func (c *aCloud) remove(stack string) {
	c.t.Helper()
	if err := os.Remove(filepath.Join(c.project, "Pulumi."+stack+".yaml")); err != nil {
		c.t.Fatal(err)
	}
}

// plant writes a file where the local cloud will find it.
func (c *aCloud) plant(file, content string) {
	c.t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// engines are the processes of the Pulumi CLI that work on this cloud.
func (c *aCloud) engines() []string {
	var found []string
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range environs {
		raw, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(raw), "PULUMI_BACKEND_URL=file://"+c.dir) {
			found = append(found, filepath.Dir(file))
		}
	}
	return found
}

func occupy(t *testing.T, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// watched closes seen once want has been written.
type watched struct {
	text strings.Builder
	want string
	seen chan struct{}
	done bool
}

func (w *watched) Write(p []byte) (int, error) {
	w.text.Write(p)
	if !w.done && strings.Contains(w.text.String(), w.want) {
		w.done = true
		close(w.seen)
	}
	return len(p), nil
}
