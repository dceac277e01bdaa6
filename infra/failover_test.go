package infra

import (
	"fmt"
	"strings"
	"testing"
)

// Clearing replicateSourceDb must be all that promotes: nothing that AWS would
// replace the instance for may change with it, and no data may go.
func TestPitfall05RoleChangeIsInPlace(t *testing.T) {
	t.Parallel()
	replacing := []string{"availabilityZone", "backupTarget", "characterSetName", "customIamInstanceProfile", "engine", "kmsKeyId", "storageEncrypted", "timezone"}
	for _, strategy := range []Strategy{PilotLight, WarmStandby, ActiveActive} {
		before := mustDeploy(t, "tokyo", settings{"strategy": string(strategy)})
		after := mustDeploy(t, "tokyo", settings{"strategy": string(strategy), "role": "primary"})
		was, is := before.Resources["database-instance"].Inputs, after.Resources["database-instance"].Inputs
		if was["replicateSourceDb"] == nil || is["replicateSourceDb"] != nil {
			t.Errorf("%s: replicateSourceDb goes from %v to %v", strategy, was["replicateSourceDb"], is["replicateSourceDb"])
		}
		for _, property := range replacing {
			if fmt.Sprint(was[property]) != fmt.Sprint(is[property]) {
				t.Errorf("%s: %s changes, which replaces the database", strategy, property)
			}
		}
		// AWS gives these of the source to a replica: equal, they change nothing.
		if is["username"] != databaseUser || is["dbName"] != databaseName {
			t.Errorf("%s: promoted as %v, %v", strategy, is["username"], is["dbName"])
		}
		for name, r := range before.Resources {
			lag := strings.HasPrefix(name, "alarms-database-repl") // a primary has none
			if now, still := after.Resources[name]; !lag && (!still || now.Type != r.Type) {
				t.Errorf("%s: %s is deleted", strategy, name)
			}
		}
	}
}

// A failover must not need the region that is gone, nor the control plane of
// Route 53: what is there stays as it is.
func TestPitfall20FailoverLeavesTheOtherRegionAndDNSAlone(t *testing.T) {
	t.Parallel()
	for _, strategy := range strategies {
		before := mustDeploy(t, "tokyo", settings{"strategy": string(strategy)})
		after := mustDeploy(t, "tokyo", settings{"strategy": string(strategy), "role": "primary"})
		for name, r := range before.Resources {
			elsewhere := r.Provider != "" || r.Type == "pulumi:providers:aws" || strings.HasPrefix(r.Type, "aws:route53/")
			if elsewhere && r.text(name) != after.Resources[name].text(name) {
				t.Errorf("%s: %s changes", strategy, name)
			}
		}
		for name, r := range after.Resources {
			if _, had := before.Resources[name]; r.Provider != "" && !had {
				t.Errorf("%s: %s is new", strategy, name)
			}
		}
	}
}
