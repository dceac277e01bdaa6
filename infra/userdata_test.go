package infra

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

func TestUserDataStartsTheProcess(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		process   process
		has, lack []string
	}{
		"a web instance of the primary migrates first": {process{"web", true, "logs", "s3://bucket/roots/x"},
			[]string{"ExecStartPre=/usr/local/bin/feed migrate\nExecStart=/usr/local/bin/feed web\n"}, nil},
		"a worker of the standby does not": {process{"worker", false, "logs", "s3://bucket/roots/x"},
			[]string{"ExecStart=/usr/local/bin/feed worker\n", "TimeoutStopSec=25\n", "KillSignal=SIGTERM\n", "Restart=always\n"}, []string{"migrate"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			files := unpack(t, c.process, map[string]string{"NEWSFEED_B": "2", "NEWSFEED_A": "1"})
			if got := files["/etc/newsfeed/feed.env"]; got != "NEWSFEED_A=1\nNEWSFEED_B=2\n" {
				t.Errorf("feed.env is %q", got)
			}
			unit := files["/etc/systemd/system/feed.service"]
			for _, want := range c.has {
				if !strings.Contains(unit, want) {
					t.Errorf("unit lacks %q:\n%s", want, unit)
				}
			}
			for _, bad := range c.lack {
				if strings.Contains(unit, bad) {
					t.Errorf("unit has %q:\n%s", bad, unit)
				}
			}
		})
	}
}

func TestUserDataIsTheSameForTheSameInput(t *testing.T) {
	t.Parallel()
	environment := map[string]string{"A": "1", "B": "2", "C": "3", "D": "4"}
	first, err := userData(process{"web", false, "logs", "s3://bucket/roots/x"}, environment)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if again, _ := userData(process{"web", false, "logs", "s3://bucket/roots/x"}, environment); again != first {
			t.Fatal("two renderings differ: every up would replace every instance")
		}
	}
	// EC2 takes 16 KB before encoding.
	if size := base64.StdEncoding.DecodedLen(len(first)); size > 12<<10 {
		t.Errorf("user data has %d bytes, near the limit of 16 KB", size)
	}
}

// The app reads these and no others.
func TestInstancesAreToldEverythingTheAppReads(t *testing.T) {
	t.Parallel()
	for stack, writer := range map[string]string{"seoul": "${database-instance.endpoint}", "tokyo": "seoul.database:3306"} {
		p := mustDeploy(t, stack, nil)
		text := readable("userData", p.Resources["worker-template"].Inputs["userData"]).(string)
		for _, want := range []string{"REGION=ap-northeast-", "PORT=8080", "DATABASE_WRITER=" + writer, "DATABASE_READERS=${database-instance.endpoint}",
			"DATABASE_NAME=newsfeed", "DATABASE_SECRET=${secrets-database.arn}", "DATABASE_WRITER_CONNECTIONS=8", "DATABASE_READER_CONNECTIONS=16",
			"CACHE=${cache-cluster.configurationEndpointAddress}:6379", "CACHE_SECRET=${secrets-cache.arn}", "QUEUE_URL=${queue-fanout.url}",
			"MEDIA_BUCKET=${storage-media.bucket}", "ARTIFACT=s3://${storage-artifacts}/feed/", "PEER_HEALTH_URL=https://", "DRAIN_SECONDS=20"} {
			if !strings.Contains(text, " NEWSFEED_"+want) {
				t.Errorf("%s: environment lacks NEWSFEED_%s:\n%s", stack, want, text)
			}
		}
	}
}

// unpack renders user data and returns the files that it writes.
func unpack(t *testing.T, p process, environment map[string]string) map[string]string {
	t.Helper()
	encoded, err := userData(p, environment)
	if err != nil {
		t.Fatal(err)
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "#cloud-config\n") {
		t.Errorf("user data begins with %.20q", text)
	}
	var config cloudConfig
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(config.RunCmd[0], []string{"aws", "s3", "cp", p.roots, "/etc/pki/ca-trust/source/anchors/rds.pem"}) {
		t.Errorf("the roots are fetched by %v", config.RunCmd[0])
	}
	files := map[string]string{}
	for _, f := range config.WriteFiles {
		files[f.Path] = f.Content
	}
	return files
}

// A root that ends, or is missing, is found out when no instance can connect.
func TestTheDatabasesRootsAreThoseOfBothRegions(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for rest := []byte(databaseRoots); ; {
		block, next := pem.Decode(rest)
		if block == nil {
			break
		}
		root, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if err := root.CheckSignatureFrom(root); err != nil || !root.IsCA {
			t.Errorf("%s is no root: %v", root.Subject.CommonName, err)
		}
		if root.NotAfter.Before(time.Now().AddDate(5, 0, 0)) {
			t.Errorf("%s ends in %s", root.Subject.CommonName, root.NotAfter)
		}
		names[root.Subject.CommonName] = true
		rest = next
	}
	for _, region := range []string{"ap-northeast-1", "ap-northeast-2"} {
		for _, kind := range []string{"RSA2048", "RSA4096", "ECC384"} {
			if name := "Amazon RDS " + region + " Root CA " + kind + " G1"; !names[name] {
				t.Errorf("%s is missing", name)
			}
		}
	}
}
