package elb

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"

	"newsfeed/localcloud/cloud"
)

func TestRulesDecide(t *testing.T) {
	w := newWorld(t)
	w.web()
	w.instance("i-1", says("app"))
	rule := func(name string, priority int, action props, conditions ...any) {
		out := props{"listenerArn": httpARN, "actions": []any{action}, "conditions": conditions}
		if priority > 0 {
			out["priority"] = float64(priority)
		}
		w.apply(resource(ruleType, name, out))
	}
	host := func(v ...any) props { return props{"hostHeader": props{"values": v}} }
	path := func(v ...any) props { return props{"pathPattern": props{"values": v}, "hostHeader": nil} }
	rule("deny", 10, fixed("403", "internal"), path("/healthz/*"))
	rule("allow", 5, forwardTo(tgARN), path("/healthz/region", "/healthz/live"))
	rule("both", 20, fixed("200", "both"), host("*.Example.com"), path("/v?/*"))
	rule("last", 0, fixed("410", "old"), path("/old"))
	redirect := props{"type": "redirect", "redirect": props{"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}
	rule("moved", 30, redirect, host("www."+domain))
	rule("elsewhere", 31, props{"type": "redirect", "redirect": props{"host": "new." + domain, "path": "/x/#{path}", "query": "", "statusCode": "HTTP_302"}}, path("/moved/*"))
	for _, c := range []struct {
		sentence, host, path string
		code                 int
		body                 string
	}{
		{"the default action takes what no rule does", domain, "/", 200, "app"},
		{"a fixed response answers", domain, "/healthz/ready", 403, "internal"},
		{"the lower priority number wins", domain, "/healthz/live", 200, "app"},
		{"hosts match without case and port", "API.example.COM:8080", "/v1/users", 200, "both"},
		{"all conditions must hold", "api.example.com", "/users", 200, "app"},
		{"a star crosses slashes", "a.b.example.com", "/v1/users/1", 200, "both"},
		{"a rule without priority comes last", domain, "/old", 410, "old"},
		{"a redirect keeps path and query", "www." + domain, "/a%20b?x=1", 301, "https://www." + domain + "/a%20b?x=1"},
		{"a redirect fills in parts", domain, "/moved/here?x=1", 302, "http://new." + domain + ":8080/x/moved/here?x=1"},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			req, err := http.NewRequest(http.MethodGet, w.url(c.path), nil)
			noError(t, err)
			req.Host = c.host
			rec, err := visitor(t).Do(req)
			noError(t, err)
			defer rec.Body.Close()
			body := make([]byte, 100)
			n, _ := rec.Body.Read(body)
			got := string(body[:n])
			if c.code/100 == 3 {
				got = rec.Header.Get("Location")
			}
			if rec.StatusCode != c.code || got != c.body {
				t.Errorf("%d %q, want %d %q", rec.StatusCode, got, c.code, c.body)
			}
		})
	}
	w.remove(resource(ruleType, "deny", props{"listenerArn": httpARN}))
	if code, _ := get(t, visitor(t), w.url("/healthz/ready")); code != 200 {
		t.Errorf("a removed rule still answers: %d", code)
	}
}

func TestAChangedListenerKeepsItsConnections(t *testing.T) {
	w := newWorld(t)
	w.web()
	arrived, answer := make(chan struct{}), make(chan struct{})
	w.instance("i-1", func(rw http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-answer
		says("finished")(rw, r)
	})
	client, slow := visitor(t), make(chan string, 1)
	go func() {
		_, body := get(t, client, w.url("/"))
		slow <- body
	}()
	<-arrived
	w.apply(listenerResource(httpARN, httpPort, fixed("200", "first")))
	get(t, client, w.url("/"))
	w.apply(listenerResource(httpARN, httpPort, fixed("200", "second")))
	reused := false
	trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, w.url("/"), nil)
	noError(t, err)
	resp, err := client.Do(req)
	noError(t, err)
	resp.Body.Close()
	if !reused {
		t.Error("a change of the listener dropped an idle connection")
	}
	old := w.Addresses(dnsName)[0]
	w.apply(listenerResource(httpARN, httpPort+1, fixed("200", "moved")))
	if _, body := get(t, client, fmt.Sprintf("http://%s:%d/", old, httpPort+1)); body != "moved" {
		t.Errorf("after the change of port: %q", body)
	}
	if listening(old, httpPort) {
		t.Error("the old port still listens")
	}
	close(answer)
	if body := <-slow; body != "finished" {
		t.Errorf("the request in flight got %q", body)
	}
}

func TestAnHTTPListenerBecomesHTTPS(t *testing.T) {
	w := newWorld(t)
	w.web()
	w.instance("i-1", says("app"))
	r := listenerResource(tlsARN, httpPort, forwardTo(tgARN))
	r.Outputs["arn"], r.Outputs["sslPolicy"] = httpARN, "ELBSecurityPolicy-TLS13-1-3-2021-06"
	w.apply(r)
	at := fmt.Sprintf("%s:%d", w.Addresses(dnsName)[0], httpPort)
	cfg := &tls.Config{RootCAs: w.authority.Pool(), ServerName: domain}
	conn, err := tls.Dial("tcp", at, cfg)
	noError(t, err)
	conn.Close()
	cfg.MaxVersion = tls.VersionTLS12
	if conn, err := tls.Dial("tcp", at, cfg); err == nil {
		conn.Close()
		t.Error("a TLS 1.3 policy accepts TLS 1.2")
	}
}

func TestRemovalFreesPortsAndAddresses(t *testing.T) {
	w := newWorld(t)
	w.web()
	addrs := w.Addresses(dnsName)
	if len(addrs) != 2 || !listening(addrs[0], httpPort) || !listening(addrs[1], httpPort) {
		t.Fatalf("addresses %v: one per subnet must listen", addrs)
	}
	w.remove(listenerResource(httpARN, httpPort, nil))
	if listening(addrs[0], httpPort) {
		t.Error("the port of a removed listener still listens")
	}
	w.apply(listenerResource(httpARN, httpPort, forwardTo(tgARN)))
	w.remove(balancerResource(nil))
	w.remove(balancerResource(nil))
	if listening(addrs[1], httpPort) || w.Addresses(dnsName) != nil || w.HealthyBehind(dnsName) {
		t.Error("a removed balancer is still there")
	}
	addr, err := w.addresses.Lease(region, "subnet-0", "another")
	noError(t, err)
	if addr != addrs[0] {
		t.Errorf("the next lease is %s, want the released %s", addr, addrs[0])
	}
}

func TestARestartBringsTheSameBalancerBackInAnyOrder(t *testing.T) {
	w := newWorld(t)
	w.web()
	before := w.Addresses(dnsName)
	w.Close()
	if listening(before[0], httpPort) {
		t.Fatal("a closed service still listens")
	}
	w.Service = New(w.store, w.addresses, w.authority, w.dir+"/certificates")
	w.apply(listenerResource(httpARN, httpPort, forwardTo(tgARN)), balancerResource(nil), groupResource(nil))
	w.instance("i-1", says("back"))
	if after := w.Addresses(dnsName); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("addresses %v, before %v", after, before)
	}
	if _, body := get(t, visitor(t), w.url("/")); body != "back" {
		t.Errorf("got %q", body)
	}
	st := w.Status()
	if len(st) != 1 || len(st[0].Listeners) != 1 || len(st[0].Groups) != 1 || st[0].Groups[0].Targets[0].State != Healthy {
		t.Errorf("status %+v", st)
	}
}

// A region without power refuses connections, and does not tell Route 53 so.
func TestHaltedBalancersAreBackAtTheSameAddresses(t *testing.T) {
	w := newWorld(t)
	w.web()
	addrs := w.Addresses(dnsName)
	w.Halt("another-region")
	if !listening(addrs[0], httpPort) {
		t.Error("it went down with another region")
	}
	w.Halt(region)
	if listening(addrs[0], httpPort) {
		t.Error("a dark balancer listens")
	}
	if len(w.Addresses(dnsName)) != 2 || !w.HealthyBehind(dnsName) {
		t.Error("DNS knows at once that the region is dark")
	}
	w.apply(balancerResource(nil), groupResource(nil), listenerResource(httpARN, httpPort, forwardTo(tgARN)))
	if !listening(addrs[0], httpPort) || w.HealthyBehind(dnsName) {
		t.Error("it is not back, without targets")
	}
}

func TestABalancerThatForwardsNowhereIsHealthy(t *testing.T) {
	w := newWorld(t)
	w.apply(balancerResource(nil))
	if w.HealthyBehind(dnsName) {
		t.Error("a balancer without listeners is healthy")
	}
	w.apply(listenerResource(httpARN, httpPort, fixed("503", "maintenance")))
	if !w.HealthyBehind(dnsName) {
		t.Error("a balancer with a maintenance page is unhealthy")
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	w.web()
	taken, err := net.Listen("tcp", fmt.Sprintf("%s:9090", w.Addresses(dnsName)[1]))
	noError(t, err)
	defer taken.Close()
	for _, c := range []struct {
		sentence string
		r        *cloud.Resource
		want     string
	}{
		{"a port in use", listenerResource("new", 9090, fixed("200", "")), "9090 is in use by elb.test"},
		{"a port in use by an update", listenerResource(httpARN, 9090, fixed("200", "")), "is in use by"},
		{"an unknown certificate", resource(listenerType, "x", props{"port": 1.0, "protocol": "HTTPS", "certificateArn": "arn:none", "defaultActions": []any{fixed("200", "")}}), "arn:none"},
		{"an unknown action", listenerResource("x", 1, props{"type": "authenticate-oidc"}), "authenticate-oidc"},
		{"a forward to nowhere", listenerResource("x", 1, props{"type": "forward"}), "target group"},
		{"a TCP listener", resource(listenerType, "x", props{"port": 1.0, "protocol": "TCP", "defaultActions": []any{fixed("200", "")}}), "HTTP or HTTPS"},
		{"a port out of range", listenerResource("x", 70000, fixed("200", "")), "1-65535"},
		{"a network balancer", balancerResource(props{"loadBalancerType": "network"}), "application"},
		{"an unknown subnet", balancerResource(props{"subnets": []any{"subnet-9"}}), "subnet-9"},
		{"no subnet", balancerResource(props{"subnets": []any{}}), "no subnets"},
		{"an unknown condition", resource(ruleType, "x", props{"listenerArn": httpARN, "actions": []any{fixed("200", "")}, "conditions": []any{props{"sourceIp": props{"values": []any{"10.0.0.0/8"}}}}}), "sourceIp"},
		{"a bad matcher", groupResource(props{"healthCheck": props{"matcher": "ok"}}), "matcher"},
		{"a TCP group", groupResource(props{"protocol": "TCP"}), "protocol TCP"},
	} {
		err := w.Bodies()[c.r.Type].Apply(t.Context(), c.r, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.sentence, err, c.want)
		}
	}
	if err := w.Register("arn:none", Target{ID: "i-1"}); err == nil {
		t.Error("a target was registered with no group")
	}
	w.instance("i-1", says("as before"))
	if _, body := get(t, visitor(t), w.url("/")); body != "as before" {
		t.Errorf("after refusals the listener answers %q", body)
	}
}

func TestWildcards(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"/a", "/a", true}, {"/a", "/a/", false}, {"*", "", true}, {"/a/*", "/a/b/c", true}, {"/?", "/", false},
		{"/*.png", "/x.png.png", true}, {"/*a*b", "/aab", true}, {"/*a*b", "/aba", false}, {"", "", true}, {"?", "x", true},
	} {
		if got := wildcard(c.pattern, c.s); got != c.want {
			t.Errorf("%q on %q: %v", c.pattern, c.s, got)
		}
	}
}
