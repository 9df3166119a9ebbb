/*
 * load: many mail clients from one thread, over loopback, to see what a POP3 or LMTP server takes.
 *
 *   cc -O2 -DWITH_TLS -o load load.c -lssl -lcrypto          (without TLS: cc -O2 -o load load.c)
 *   load -P PORT -f ACCOUNTS -m MODE [options]
 *
 *   -f FILE   who signs in: a line each, ADDRESS PASSWORD; taken in turn, so that all are used alike
 *   -m MODE   poll      sign in, STAT, QUIT
 *             list      sign in, LIST, UIDL, QUIT
 *             fetch     sign in, STAT, RETR of each message after the other, QUIT
 *             pipe      the same, all RETR sent at once (RFC 2449 section 6.6)
 *             drain     sign in, STAT, RETR and DELE of each message, QUIT
 *             idle      sign in and wait until standard input ends, then QUIT; says "held" when all are in
 *             deliver   LMTP: one message after the other on each connection
 *   -c N      connections at once (10)
 *   -k N      of them to one mailbox, at most (1)
 *   -n N      sessions, or messages to deliver, in all (no limit)
 *   -t SEC    begin none after so many seconds (no limit)
 *   -l N      fetch at most so many messages a session (all)
 *   -z N      octets of a delivered message, its header included (4096)
 *   -b N      use only the first N accounts (all)
 *   -T        TLS from the start, certificates not checked; -R resumes TLS sessions where the server lets us
 *
 * Prints one line of name=value: `done` sessions (messages for deliver), `failed`, `seconds`, `rate` a second; what was
 * fetched as `messages` and `octets`; milliseconds of the sign-in (connection, TLS and PASS) and of the whole session
 * or delivery at four percentiles; `resumed` TLS sessions. A session fails when a reply is negative or the connection
 * ends early; the first three are told on standard error. Exit status 1 then.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_TLS
#include <openssl/ssl.h>
#else
typedef void SSL;
#endif

enum mode { POLL, LIST, FETCH, PIPE, DRAIN, IDLE, DELIVER };
static const char *const MODES[] = {"poll", "list", "fetch", "pipe", "drain", "idle", "deliver", NULL};

/* What the last thing said was: the reply to it is what comes next. */
enum said { NOTHING, USER, PASS, STAT, LISTING, UIDL, RETR, DELE, HELD, LHLO, ENVELOPE, MESSAGE, QUIT };

enum { PENDING_LOGINS = 64, EVENTS = 512, SOURCES = 250 };

struct account {
	char *address, *password;
};

struct session {
	int socket, account;
	SSL *tls;
	enum said said;
	int shaking, watched;         /* inside the TLS handshake; epoll's interest as it is now */
	int messages, next, owed;     /* to fetch, the next number, replies still owed to what was pipelined */
	int in_body, at_end;          /* within a reply of several lines; how much of its end has come */
	size_t line_length;
	char line[512];
	char *out;
	size_t out_length, out_sent, out_room;
	double began, delivery_began;
};

struct times {
	double *values;
	size_t count, room;
};

static struct {
	enum mode mode;
	int port, connections, per_mailbox, limit, accounts_used, tls, resume;
	long total, octets;
	double seconds;
} options = {.connections = 10, .per_mailbox = 1, .limit = -1, .accounts_used = -1, .total = -1, .octets = 4096, .seconds = 1e9};

static struct account *accounts;
static int account_count, *free_accounts, free_first, free_count, free_room;
static struct session *sessions;
static int queue, live, held, leaving;
static long begun, done, failed, fetched, resumed, delivered_number;
static double fetched_octets, started;
static struct times logins, wholes;
static char *body;

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void fatal(const char *what) {
	perror(what);
	exit(2);
}

static void *enlarged(void *memory, size_t size) {
	memory = realloc(memory, size);
	if (!memory) fatal("memory");
	return memory;
}

/* Times */

static void note(struct times *times, double from) {
	if (times->count == times->room) {
		times->room = times->room ? times->room * 2 : 1024;
		times->values = enlarged(times->values, times->room * sizeof *times->values);
	}
	times->values[times->count++] = (now() - from) * 1e3;
}

static int ascending(const void *left, const void *right) {
	double difference = *(const double *)left - *(const double *)right;
	return (difference > 0) - (difference < 0);
}

static void print_times(const char *name, struct times *times) {
	static const double parts[] = {0.5, 0.95, 0.99, 1};
	static const char *const names[] = {"p50", "p95", "p99", "max"};
	qsort(times->values, times->count, sizeof *times->values, ascending);
	for (int i = 0; i < 4; i++) {
		size_t place = times->count ? (size_t)(parts[i] * (times->count - 1) + 0.5) : 0;
		printf(" %s_%s=%.3f", name, names[i], times->count ? times->values[place] : 0);
	}
}

/* The line, in clear or under TLS. What cannot go on now returns -1 with errno EAGAIN. */

#ifdef WITH_TLS
static SSL_CTX *context;
static SSL_SESSION *ticket;

static int keep_ticket(SSL *tls, SSL_SESSION *fresh) {
	(void)tls;
	SSL_SESSION_free(ticket);
	ticket = fresh;
	return 1;
}

static void prepare_tls(void) {
	context = SSL_CTX_new(TLS_client_method());
	if (!context) fatal("TLS");
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_quiet_shutdown(context, 1);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	if (options.resume) SSL_CTX_sess_set_new_cb(context, keep_ticket);
}

static ssize_t outcome(SSL *tls, int result) {
	if (result > 0) return result;
	switch (SSL_get_error(tls, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE: errno = EAGAIN; return -1;
	case SSL_ERROR_ZERO_RETURN: return 0;
	default: errno = EPROTO; return -1;
	}
}

static void begin_tls(struct session *s) {
	s->tls = SSL_new(context);
	SSL_set_fd(s->tls, s->socket);
	if (options.resume && ticket) SSL_set_session(s->tls, ticket);
	SSL_set_connect_state(s->tls);
}

static ssize_t shake_hands(struct session *s) {
	ssize_t result = outcome(s->tls, SSL_do_handshake(s->tls));
	if (result > 0) resumed += SSL_session_reused(s->tls);
	return result;
}

static void end_tls(struct session *s) {
	if (!s->tls) return;
	SSL_shutdown(s->tls); /* quiet: without it OpenSSL would not let the session be resumed */
	SSL_free(s->tls);
	s->tls = NULL;
}

static ssize_t line_read(struct session *s, void *to, size_t room) {
	return s->tls ? outcome(s->tls, SSL_read(s->tls, to, room)) : read(s->socket, to, room);
}

static ssize_t line_write(struct session *s, const void *from, size_t length) {
	return s->tls ? outcome(s->tls, SSL_write(s->tls, from, length)) : write(s->socket, from, length);
}
#else
static void prepare_tls(void) { fputs("load was compiled without TLS\n", stderr), exit(2); }
static void begin_tls(struct session *s) { (void)s; }
static ssize_t shake_hands(struct session *s) { return (void)s, 1; }
static void end_tls(struct session *s) { (void)s; }
static ssize_t line_read(struct session *s, void *to, size_t room) { return read(s->socket, to, room); }
static ssize_t line_write(struct session *s, const void *from, size_t length) { return write(s->socket, from, length); }
#endif

static void say_octets(struct session *s, const char *text, size_t length) {
	if (s->out_sent == s->out_length) s->out_sent = s->out_length = 0;
	if (s->out_length + length > s->out_room) s->out = enlarged(s->out, s->out_room = (s->out_length + length) * 2);
	memcpy(s->out + s->out_length, text, length);
	s->out_length += length;
}

static void say(struct session *s, enum said what, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(struct session *s, enum said what, const char *format, ...) {
	char text[1200];
	va_list values;
	va_start(values, format);
	int length = vsnprintf(text, sizeof text, format, values);
	va_end(values);
	if (length >= (int)sizeof text) fatal("a command this long");
	say_octets(s, text, length);
	s->said = what;
}

static int send_on(struct session *s) {
	while (s->out_sent < s->out_length) {
		ssize_t sent = line_write(s, s->out + s->out_sent, s->out_length - s->out_sent);
		if (sent <= 0) return errno == EAGAIN ? 0 : -1;
		s->out_sent += sent;
	}
	return 0;
}

static void watch(struct session *s, int add) {
	int interest = EPOLLIN | (s->shaking == 1 || s->out_sent < s->out_length ? EPOLLOUT : 0);
	if (!add && interest == s->watched) return;
	struct epoll_event event = {.events = interest, .data.ptr = s};
	if (epoll_ctl(queue, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, s->socket, &event)) fatal("epoll_ctl");
	s->watched = interest;
}

/* Sessions begin and end. A mailbox that is in use goes to the end of the queue of those that are free. */

static int may_begin(void) {
	int more = options.total < 0 || begun < options.total;
	return more && free_count > 0 && now() - started < options.seconds;
}

static void begin(struct session *s) {
	char *out = s->out;
	size_t room = s->out_room;
	*s = (struct session){.out = out, .out_room = room, .began = now()};
	s->account = free_accounts[free_first];
	free_first = (free_first + 1) % free_room;
	free_count--;
	s->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (s->socket < 0) fatal("socket");
	int on = 1;
	setsockopt(s->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(s->socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	/* Each mailbox has an address of its own, as clients have; and no port is short. */
	struct sockaddr_in from = {.sin_family = AF_INET};
	from.sin_addr.s_addr = htonl(0x7f010000 + (s->account / SOURCES % SOURCES) * 256 + s->account % SOURCES + 1);
	if (bind(s->socket, (struct sockaddr *)&from, sizeof from)) fatal("bind");
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(options.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (connect(s->socket, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) fatal("connect");
	begun += options.mode != DELIVER;
	live++;
	if (options.tls) begin_tls(s), s->shaking = 1;
	watch(s, 1);
}

static void end(struct session *s, const char *fault) {
	if (fault) {
		if (failed++ < 3) fprintf(stderr, "failed: %s after step %d: %s\n", accounts[s->account].address, s->said, fault);
	} else if (options.mode != DELIVER) {
		note(&wholes, s->began);
		done++;
	}
	held -= s->said == HELD;
	end_tls(s);
	close(s->socket);
	s->socket = -1;
	live--;
	free_accounts[(free_first + free_count++) % free_room] = s->account;
	if (options.mode == IDLE || (options.mode == DELIVER && !fault)) return;
	if (may_begin()) begin(s);
}

/* POP3: what a client says next */

static void next_message(struct session *s) {
	if (s->next > s->messages) say(s, QUIT, "QUIT\r\n");
	else say(s, RETR, "RETR %d\r\n", s->next++);
}

static void start_work(struct session *s) {
	switch (options.mode) {
	case LIST: say(s, LISTING, "LIST\r\n"); break;
	case PIPE:
		for (s->owed = s->messages; s->next <= s->messages; s->next++) say(s, RETR, "RETR %d\r\n", s->next);
		if (!s->owed) say(s, QUIT, "QUIT\r\n");
		break;
	case FETCH:
	case DRAIN: next_message(s); break;
	case IDLE: s->said = HELD, held++; break;
	default: say(s, QUIT, "QUIT\r\n");
	}
}

/* A positive first line has come. Returns whether more lines belong to the reply. */
static int pop3_line(struct session *s) {
	const struct account *account = &accounts[s->account];
	switch (s->said) {
	case NOTHING: say(s, USER, "USER %s\r\n", account->address); break;
	case USER: say(s, PASS, "PASS %s\r\n", account->password); break;
	case PASS:
		note(&logins, s->began);
		say(s, STAT, "STAT\r\n");
		break;
	case STAT:
		s->messages = atoi(s->line + 4);
		if (options.limit >= 0 && s->messages > options.limit) s->messages = options.limit;
		s->next = 1;
		start_work(s);
		break;
	case LISTING:
	case UIDL:
	case RETR: return 1;
	case DELE: next_message(s); break;
	default: break;
	}
	return 0;
}

static void pop3_body_ends(struct session *s) {
	if (s->said == LISTING) {
		say(s, UIDL, "UIDL\r\n");
	} else if (s->said == UIDL) {
		say(s, QUIT, "QUIT\r\n");
	} else {
		fetched++;
		if (options.mode == DRAIN) say(s, DELE, "DELE %d\r\n", s->next - 1);
		else if (options.mode == FETCH) next_message(s);
		else if (!--s->owed) say(s, QUIT, "QUIT\r\n");
	}
}

/* LMTP */

static void next_delivery(struct session *s) {
	if ((options.total >= 0 && begun >= options.total) || now() - started >= options.seconds) {
		say(s, QUIT, "QUIT\r\n");
		return;
	}
	const char *to = accounts[begun++ % account_count].address;
	s->delivery_began = now();
	s->owed = 3;
	say(s, ENVELOPE, "MAIL FROM:<sender@example.org>\r\nRCPT TO:<%s>\r\nDATA\r\n", to);
}

static void say_message(struct session *s) {
	say(s, MESSAGE,
	    "From: Ana <ana@example.org>\r\nTo: box@example.test\r\nSubject: message %ld of the load\r\n"
	    "Message-ID: <%ld.%d@example.org>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0100\r\n\r\n",
	    delivered_number, delivered_number, getpid());
	delivered_number++;
	long left = options.octets - (long)(s->out_length - s->out_sent);
	say_octets(s, body, left > 2 ? left - 2 : 1);
	say_octets(s, "\r\n.\r\n", 5);
}

static void lmtp_line(struct session *s) {
	if (s->line[3] == '-') return;
	switch (s->said) {
	case NOTHING: say(s, LHLO, "LHLO load.example\r\n"); break;
	case LHLO: next_delivery(s); break;
	case ENVELOPE:
		if (!--s->owed) say_message(s);
		break;
	case MESSAGE:
		note(&wholes, s->delivery_began);
		done++;
		next_delivery(s);
		break;
	default: break;
	}
}

/* Octets come */

/* Skip the lines of a body, up to and with its final dot. Returns how many octets that were. */
static size_t skip_body(struct session *s, const char *from, size_t length) {
	static const char ending[] = "\r\n.\r\n"; /* the first line's own end counts as the beginning */
	const char *at = from, *stop = from + length;
	while (at < stop) {
		if (!s->at_end) {
			at = memchr(at, '\r', stop - at);
			if (!at) return length;
		}
		char octet = *at++;
		s->at_end = octet == ending[s->at_end] ? s->at_end + 1 : octet == '\r';
		if (s->at_end == 5) {
			s->in_body = s->at_end = 0;
			pop3_body_ends(s);
			break;
		}
	}
	return at - from;
}

/* Take a whole line. Returns 0 when the session is over. */
static int take_line(struct session *s) {
	s->line[s->line_length] = 0;
	s->line_length = 0;
	if (s->line[0] != '+' && s->line[0] != '2' && s->line[0] != '3') return end(s, s->line), 0;
	if (s->said == QUIT) return end(s, NULL), 0;
	if (options.mode == DELIVER) lmtp_line(s);
	else if (pop3_line(s)) s->in_body = 1, s->at_end = 2;
	return 1;
}

static int take(struct session *s, const char *from, size_t length) {
	fetched_octets += length;
	while (length) {
		if (s->in_body) {
			size_t skipped = skip_body(s, from, length);
			from += skipped, length -= skipped;
			continue;
		}
		char octet = *from++;
		length--;
		if (octet != '\n') {
			if (s->line_length < sizeof s->line - 1) s->line[s->line_length++] = octet;
		} else if (!take_line(s)) {
			return 0;
		}
	}
	return 1;
}

static void go_on(struct session *s) {
	static char octets[256 * 1024];
	if (s->socket < 0) return; /* it ended within this round */
	if (s->shaking) {
		ssize_t result = shake_hands(s);
		if (result <= 0 && errno != EAGAIN) { end(s, "no TLS"); return; }
		s->shaking = result > 0 ? 0 : 2; /* the connection is there, so wait for the server's part alone */
		if (s->shaking) { watch(s, 0); return; }
	}
	for (;;) {
		if (send_on(s)) { end(s, "the server does not listen"); return; }
		ssize_t got = line_read(s, octets, sizeof octets);
		if (got < 0 && errno == EAGAIN) break;
		if (got <= 0) { end(s, "the connection ended"); return; }
		if (!take(s, octets, got)) return;
	}
	watch(s, 0);
}

/* The whole */

static void read_accounts(const char *path) {
	char line[700], address[330], password[330];
	FILE *file = fopen(path, "r");
	if (!file) fatal(path);
	while (account_count != options.accounts_used && fgets(line, sizeof line, file)) {
		if (sscanf(line, "%329s %329s", address, password) != 2) continue;
		accounts = enlarged(accounts, (account_count + 1) * sizeof *accounts);
		accounts[account_count++] = (struct account){strdup(address), strdup(password)};
	}
	fclose(file);
	if (!account_count) fputs("no accounts\n", stderr), exit(2);
	/* Deliveries need no mailbox for themselves. */
	int each = options.mode == DELIVER ? (options.connections + account_count - 1) / account_count : options.per_mailbox;
	free_room = account_count * each;
	free_accounts = enlarged(NULL, free_room * sizeof *free_accounts);
	while (free_count < free_room) free_accounts[free_count] = free_count % account_count, free_count++;
}

static void make_body(void) {
	static const char text[] = "Una casilla guarda el correo hasta que alguien lo recoge; nothing is lost on the way.\r\n";
	body = enlarged(NULL, options.octets + 1);
	for (long i = 0; i <= options.octets; i++) body[i] = text[i % (sizeof text - 1)];
}

static int mode_of(const char *name) {
	for (int i = 0; MODES[i]; i++)
		if (!strcmp(name, MODES[i])) return i;
	fprintf(stderr, "no such mode: %s\n", name);
	exit(2);
}

static const char *read_options(int count, char **words) {
	const char *path = NULL;
	for (int option; (option = getopt(count, words, "P:f:m:c:k:n:t:l:z:b:TR")) != -1;) {
		switch (option) {
		case 'P': options.port = atoi(optarg); break;
		case 'f': path = optarg; break;
		case 'm': options.mode = mode_of(optarg); break;
		case 'c': options.connections = atoi(optarg); break;
		case 'k': options.per_mailbox = atoi(optarg); break;
		case 'n': options.total = atol(optarg); break;
		case 't': options.seconds = atof(optarg); break;
		case 'l': options.limit = atoi(optarg); break;
		case 'z': options.octets = atol(optarg); break;
		case 'b': options.accounts_used = atoi(optarg); break;
		case 'T': options.tls = 1; break;
		case 'R': options.resume = 1; break;
		default: exit(2);
		}
	}
	if (!path || !options.port) fputs("-P PORT and -f ACCOUNTS are needed; see the head of load.c\n", stderr), exit(2);
	return path;
}

/* Open what may be open: of idle sessions only so many at once are on their way in. */
static int open_more(int opened) {
	while (opened < options.connections && may_begin()) {
		if (options.mode == IDLE && opened - held - failed >= PENDING_LOGINS) break;
		begin(&sessions[opened++]);
	}
	return opened;
}

static void leave_all(void) {
	leaving = 1;
	for (int i = 0; i < options.connections; i++) {
		struct session *s = &sessions[i];
		if (s->socket < 0 || s->said != HELD) continue;
		held--;
		say(s, QUIT, "QUIT\r\n");
		if (send_on(s)) end(s, "the server does not listen");
		else watch(s, 0);
	}
}

static void hold(int opened) {
	static int told;
	if (!told && opened == options.connections && held + failed >= opened) {
		printf("held=%d seconds=%.3f\n", held, now() - started);
		fflush(stdout);
		told = 1;
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
		if (epoll_ctl(queue, EPOLL_CTL_ADD, STDIN_FILENO, &event)) fatal("standard input has to be a pipe");
	}
}

static void run(void) {
	struct epoll_event events[EVENTS];
	int opened = open_more(0);
	while (live) {
		int count = epoll_wait(queue, events, EVENTS, 1000);
		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr) {
				go_on(events[i].data.ptr);
			} else if (!leaving) {
				epoll_ctl(queue, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
				leave_all();
			}
		}
		if (options.mode != IDLE) continue;
		opened = open_more(opened);
		hold(opened);
	}
}

int main(int count, char **words) {
	const char *path = read_options(count, words);
	read_accounts(path);
	make_body();
	if (options.tls) prepare_tls();
	signal(SIGPIPE, SIG_IGN);
	struct rlimit files;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (options.connections > free_room) options.connections = free_room;
	sessions = calloc(options.connections, sizeof *sessions);
	queue = epoll_create1(0);
	if (!sessions || queue < 0) fatal("the beginning");
	for (int i = 0; i < options.connections; i++) sessions[i].socket = -1;
	started = now();
	run();
	double seconds = now() - started;
	printf("done=%ld failed=%ld seconds=%.4f rate=%.1f messages=%ld octets=%.0f resumed=%ld", done, failed, seconds, done / seconds,
	       fetched, fetched_octets, resumed);
	print_times("login", &logins);
	print_times("session", &wholes);
	putchar('\n');
	return failed > 0;
}
