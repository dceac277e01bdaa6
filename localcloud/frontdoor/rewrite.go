package frontdoor

import (
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
)

// rewrite turns a request to the front door into one to the domain.
func (d *Door) rewrite(p *httputil.ProxyRequest) {
	p.Out.URL.Scheme = "https"
	p.Out.URL.Host = p.In.Context().Value(routeKey{}).(string)
	p.Out.URL.RawQuery = p.In.URL.RawQuery
	p.Out.Host = d.cfg.Domain
	if !loopback(p.In.Host) {
		return // some site's name for this address: the app sees its Origin and refuses
	}
	here := "http://" + p.In.Host
	for _, header := range []string{"Origin", "Referer"} {
		value := p.In.Header.Get(header)
		if rest, ok := strings.CutPrefix(value, here); ok && (rest == "" || rest[0] == '/') {
			p.Out.Header.Set(header, "https://"+d.cfg.Domain+rest)
		}
	}
}

// restore turns an answer of the domain into one of the front door.
func (d *Door) restore(resp *http.Response) error {
	if to, err := url.Parse(resp.Header.Get("Location")); err == nil && to.Hostname() == d.cfg.Domain {
		to.Scheme, to.Host = "", ""
		if to.Path == "" {
			to.Path = "/"
		}
		resp.Header.Set("Location", to.String()) // relative to whatever name the user has for us
	}
	resp.Header.Del("Strict-Transport-Security")
	cookies := resp.Header["Set-Cookie"]
	for i, line := range cookies {
		cookies[i] = plainCookie(line)
	}
	return nil
}

// plainCookie makes a cookie one that any client keeps for a plain loopback
// address. Cookies that are void without Secure stay as they are.
func plainCookie(line string) string {
	attributes := strings.Split(line, ";")
	kept := attributes[:1]
	name := strings.TrimSpace(line)
	needsSecure := strings.HasPrefix(name, "__Host-") || strings.HasPrefix(name, "__Secure-") ||
		strings.Contains(strings.ToLower(line), "samesite=none")
	for _, attribute := range attributes[1:] {
		key, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(attribute)), "=")
		if key == "domain" || key == "secure" && !needsSecure {
			continue
		}
		kept = append(kept, attribute)
	}
	return strings.Join(kept, ";")
}

// loopback says whether a Host header names this machine: only then is its
// Origin ours to vouch for.
func loopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
