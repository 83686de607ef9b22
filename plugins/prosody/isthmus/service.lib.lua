-- What a worker may ask a served domain: is this account local, this is my name, this I have handled, no new stanzas for this
-- connection, let this contact see that user.
-- A handler that returns nil leaves the IQ unhandled: Prosody answers service-unavailable, as it does without the module.

local jid_host = require "util.jid".host;
local jid_prepped_split = require "util.jid".prepped_split;
local st = require "util.stanza";

-- Printable ASCII without the space: safe in a log, and the same bytes for every program that computes the hash.
local WORKER_NAME = "^[!-~]+$";
local WORKER_NAME_BYTES = 64;

return function (options, accounts, connections, handover, introduce, approval)
	-- The connection that asks, if it asks as the component and not as one of the gateway's users.
	local function asking_connection(event)
		if jid_host(event.stanza.attr.from) ~= options.component then
			return nil;
		end
		return connections.of(event.origin);
	end

	local function account(event)
		if not asking_connection(event) then
			return nil;
		end
		local stanza = event.stanza;
		local node, host = jid_prepped_split(stanza.tags[1].attr.jid);
		if not node then
			event.origin.send(st.error_reply(stanza, "modify", "jid-malformed", "account needs a jid with a local part"));
			return true;
		end
		local is_local = options.served[host] ~= nil and accounts.exists(node, host);
		event.origin.send(st.reply(stanza):tag("account", {
			xmlns = options.xmlns,
			jid = node .. "@" .. host,
			["local"] = tostring(is_local),
			online = tostring(is_local and accounts.is_online(node, host)),
		}));
		return true;
	end

	local function note_readiness(connection, is_ready)
		if is_ready == (connection.unready == true) then
			module:log("info", is_ready and "Connection %s is ready again" or "Connection %s is not ready: it is chosen last", connection.name);
		end
		connection.unready = not is_ready or nil;
	end

	local function announced(connection, stanza)
		local answer = st.reply(stanza);
		if connection.acknowledges then
			local moved = connection.moved and ("%d"):format(connection.moved);
			answer:tag("worker", { xmlns = options.xmlns, acknowledge = "true", moved = moved });
		end
		return answer;
	end

	local function worker(event)
		local connection = asking_connection(event);
		if not connection then
			return nil;
		end
		local stanza = event.stanza;
		local name = stanza.tags[1].attr.name;
		if not name or #name > WORKER_NAME_BYTES or not name:find(WORKER_NAME) then
			local text = ("worker needs a name of 1 to %d printable ASCII characters"):format(WORKER_NAME_BYTES);
			event.origin.send(st.error_reply(stanza, "modify", "bad-request", text));
			return true;
		end
		if connection.name ~= name then
			module:log("info", "Connection %s is worker %s", connection.name, name);
		end
		local is_return = not connection.announced and connections.is_only_worker(connection);
		connection.name, connection.announced = name, true;
		connection.acknowledges = connection.acknowledges or stanza.tags[1].attr.acknowledge == "true";
		note_readiness(connection, stanza.tags[1].attr.ready ~= "false");
		-- First, since the answer tells what this has taken from the connection.
		connections.on_change();
		event.origin.send(announced(connection, stanza));
		if is_return then
			introduce();
		end
		return true;
	end

	local function handled(event)
		local connection = asking_connection(event);
		if not connection then
			return nil;
		end
		local upto = tonumber(event.stanza.tags[1].attr.upto);
		if not upto then
			event.origin.send(st.error_reply(event.stanza, "modify", "bad-request", "handled needs upto, a number"));
			return true;
		end
		handover.report(connection, upto);
		event.origin.send(st.reply(event.stanza));
		return true;
	end

	-- The answer goes out after all stanzas that were handed to the connection, and nothing new comes behind it.
	local function drain(event)
		local connection = asking_connection(event);
		if not connection then
			return nil;
		end
		connection.draining = true;
		event.origin.send(st.reply(event.stanza));
		module:log("info", "Connection %s drains", connection.name);
		connections.on_change();
		return true;
	end

	-- The answer follows what the approval made the server send.
	local function approve(event)
		if not asking_connection(event) then
			return nil;
		end
		local stanza = event.stanza;
		local attr = stanza.tags[1].attr;
		local type, condition, text = approval(attr.user, attr.contact);
		event.origin.send(type and st.error_reply(stanza, type, condition, text) or st.reply(stanza));
		return true;
	end

	return { account = account, worker = worker, handled = handled, drain = drain, approve = approve };
end
