-- mod_isthmus: partitions a VirtualHost, and others that are named in its options, between Prosody and an isthmus gateway.
--
-- Users of a served domain without an account here are served by the gateway, an external component (XEP-0114) with any number
-- of connections. The README beside this file defines the protocol (namespace urn:isthmus:partition:0) and the options.
-- SPDX-License-Identifier: Apache-2.0

local configmanager = require "core.configmanager";
local jid_prep = require "util.jid".prep;

local XMLNS_PARTITION = "urn:isthmus:partition:0";

-- Above mod_privilege (150) and the incoming half of mod_blocklist (100): nothing may act for a user who is not here.
local PRIORITY_ROUTE = 200;
-- Above mod_component's own handlers (-1), which stand there to be overridden.
local PRIORITY_COMPONENT = 10;
-- Before everything else: what the guard refuses, nobody sees.
local PRIORITY_GUARD = 1000000;

local STANZA_NAMES = { "message", "presence", "iq" };
local ADDRESS_KINDS = { "bare", "full", "host" };

local domain = module.host;

-- Stops the loading with one line that says what to do; the check on addresses stays the server's own, strict one.
local function give_up(reason, ...)
	error(("mod_isthmus on %s: " .. reason):format(domain, ...), 0);
end

-- Reads a number that must be greater than zero.
local function positive(name, default)
	local value = module:get_option_number(name, default);
	if not value or value <= 0 then
		give_up("option %s must be a number greater than 0", name);
	end
	return value;
end

local function read_component_name()
	local configured = module:get_option_string("isthmus_component");
	if not configured then
		give_up("set isthmus_component = \"...\" to the name of the gateway's Component");
	end
	local name = jid_prep(configured);
	if not name or name == domain or name:find("[@/]") then
		give_up("isthmus_component = %q must be the name of a Component other than the domain", configured);
	end
	return name;
end

if module:get_host_type() ~= "local" then
	give_up("load it on the VirtualHost that is partitioned, not on a Component");
end

local component = read_component_name();

-- The domains that are served, as a set: this host, and those of isthmus_domains. One instance of the module serves them all,
-- since the connections of a component, their guard and their heartbeat must not be divided.
local function read_served()
	local served = { [domain] = true };
	for _, configured in ipairs(module:get_option_array("isthmus_domains", {})) do
		local name = type(configured) == "string" and jid_prep(configured);
		if not name or name:find("[@/]") or name == component then
			give_up("isthmus_domains holds %q, which must be the name of a VirtualHost", tostring(configured));
		end
		served[name] = true;
	end
	return served;
end

local served = read_served();

-- Two guards could not judge each other's senders, so a component belongs to one instance of the module, and so does a domain.
local claims = module:shared("/*/isthmus/claims");
if claims[component] and claims[component] ~= domain then
	give_up("component %s already serves %s; name this domain in isthmus_domains there, and do not load the module here",
		component, claims[component]);
end
for name in pairs(served) do
	if claims[name] and claims[name] ~= domain then
		give_up("domain %s is served by the module on %s already", name, claims[name]);
	end
end

local options = {
	xmlns = XMLNS_PARTITION,
	domain = domain,
	served = served,
	component = component,
	connection_limit = positive("isthmus_connection_limit", 64),
	ping_interval = positive("isthmus_ping_interval", 1),
	ping_deadline = positive("isthmus_ping_deadline", 2),
	grace_period = positive("isthmus_grace_period", 5),
	account_lifetime = positive("isthmus_account_cache_lifetime", 60),
	account_limit = positive("isthmus_account_cache_size", 10000),
	request_lifetime = positive("isthmus_request_lifetime", 120),
	request_limit = positive("isthmus_request_limit", 10000),
	pair_lifetime = positive("isthmus_pair_lifetime", 30),
	pair_limit = positive("isthmus_pair_limit", 100000),
	contact_limit = positive("isthmus_contact_limit", 100000),
	unhandled_limit = positive("isthmus_unhandled_limit", 10000),
	unhandled_bytes = positive("isthmus_unhandled_bytes", 64 * 1024 * 1024),
};

local accounts = module:require "accounts" (options);
local contacts = module:require "contacts" (options, accounts);
local keepers = module:require "keepers" (options);
local connections = module:require "connections" (options, contacts);
local choice = module:require "choice" (connections, keepers);
local numbers = module:require "numbers" (options);
local unhandled = module:require "unhandled" (options);
local waiting = module:require "waiting" (options, unhandled);
local handover = module:require "handover" (connections, choice, numbers, unhandled, waiting);
local requests = module:require "requests" (options, connections);
local heartbeat = module:require "heartbeat" (options, connections);
local guard = module:require "guard" (options, accounts, connections, contacts, requests);
local route = module:require "route" (options, accounts, connections, choice, handover, requests);
local introduce = module:require "introduce" (options, accounts, connections);
local approval = module:require "approve" (options, accounts);
local service = module:require "service" (options, accounts, connections, handover, introduce, approval);
local handshake = module:require "handshake" (options, connections);

local function for_each_stanza_event(visit)
	for _, name in ipairs(STANZA_NAMES) do
		for _, kind in ipairs(ADDRESS_KINDS) do
			visit(name .. "/" .. kind);
		end
	end
end

-- The component's own host: connections come and go here, and stanzas for its own addresses are spread as well.
local function serve_component(events)
	module:hook_object_event(events, "stanza/jabber:component:accept:handshake", handshake, PRIORITY_COMPONENT);
	module:hook_object_event(events, "component-disconnected", connections.on_disconnected);
	for_each_stanza_event(function (event_name)
		module:hook_object_event(events, event_name, route.to_component, PRIORITY_COMPONENT);
	end);
end

-- A domain: what is for a user who is not here is the gateway's, and the gateway may ask about those who are.
local function serve_domain(host, events)
	for_each_stanza_event(function (event_name)
		if not event_name:find("/host", 1, true) then
			module:hook_object_event(events, event_name, route.to_missing_user, PRIORITY_ROUTE);
		end
	end);
	module:hook_object_event(events, "iq-get/host/" .. XMLNS_PARTITION .. ":account", service.account);
	module:hook_object_event(events, "iq-set/host/" .. XMLNS_PARTITION .. ":approve", service.approve);
	-- An account that appears or disappears must be noticed at once; a login proves one that was made by another process.
	module:hook_object_event(events, "user-registered", function (event) accounts.forget(event.username, host); end);
	module:hook_object_event(events, "resource-bind", function (event) accounts.forget(event.session.username, host); end);
end

-- An element named pre-message would reach the handlers of a local sender's side, so the guard stands there as well.
local function watch_host(host)
	local events = prosody.hosts[host].events;
	for_each_stanza_event(function (event_name)
		module:hook_object_event(events, event_name, guard, PRIORITY_GUARD);
		module:hook_object_event(events, "pre-" .. event_name, guard, PRIORITY_GUARD);
	end);
	module:hook_object_event(events, "route/remote", guard, PRIORITY_GUARD);
	if host == component then
		serve_component(events);
	elseif served[host] and prosody.hosts[host].type == "local" then
		serve_domain(host, events);
	end
end

local function warn_about_configuration()
	local config = configmanager.getconfig();
	for name in pairs(served) do
		local section = rawget(config, name); -- the index would give the server-wide section
		if not section or section.component_module then
			module:log_status("error", "The configuration has no line: VirtualHost %q; it stands in isthmus_domains", name);
		end
	end
	local host_config = config[component];
	if not host_config or host_config.component_module ~= "component" then
		module:log_status("error", "The configuration has no line: Component %q (with a component_secret below it)", component);
	elseif module:context(component):get_option_boolean("validate_from_addresses", true) == false then
		module:log("warn", "validate_from_addresses is off for %s: whenever mod_isthmus is not loaded, nobody checks its senders", component);
	end
end

module:hook("iq/host", heartbeat.on_answer, PRIORITY_ROUTE);
module:hook("iq-set/host/" .. XMLNS_PARTITION .. ":worker", service.worker);
module:hook("iq-set/host/" .. XMLNS_PARTITION .. ":handled", service.handled);
module:hook("iq-set/host/" .. XMLNS_PARTITION .. ":drain", service.drain);
module:add_feature(XMLNS_PARTITION);

module:hook_global("user-deleted", function (event)
	accounts.forget(event.username, event.host);
end);

for host in pairs(prosody.hosts) do
	watch_host(host);
end
module:hook_global("host-activated", watch_host);
module:hook_global("host-deactivating", function (event)
	if event.host == component then
		connections.close_all("host-gone");
	end
end);

local function claim(owner)
	claims[component] = owner;
	for name in pairs(served) do
		claims[name] = owner;
	end
end

function module.load()
	claim(domain);
	warn_about_configuration();
	connections.watch(handover.on_gone, handover.on_change);
	connections.adopt_open_sessions();
	heartbeat.start();
	keepers.start();
end

function module.save()
	return {
		connections = connections.save(), contacts = contacts.save(), requests = requests.save(),
		keepers = keepers.save(), numbers = numbers.save(), unhandled = unhandled.save(),
	};
end

function module.restore(saved)
	contacts.restore(saved.contacts);
	requests.restore(saved.requests);
	keepers.restore(saved.keepers);
	numbers.restore(saved.numbers);
	unhandled.restore(saved.unhandled);
	waiting.resume();
	connections.restore(saved.connections);
end

-- Also runs in a reload, before module.save's data are restored: should the new code fail to load, the strict check is on.
function module.unload()
	claim(nil);
	connections.release_all();
	if not module.reloading then
		contacts.withdraw_all();
	end
end
