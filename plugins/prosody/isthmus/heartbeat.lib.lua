-- Pings each connection: a worker that has stopped reading shows no error on TCP, and stanzas would pile up for it unseen.

local new_id = require "util.id".medium;
local now = require "util.time".monotonic;
local st = require "util.stanza";

return function (options, connections)
	local function send_ping(connection)
		connection.ping, connection.pinged_at = new_id(), now();
		local ping = st.iq({ type = "get", id = connection.ping, from = options.domain, to = options.component })
			:tag("ping", { xmlns = options.xmlns, contacts = connection.withdrawn and "withdrawn" or nil });
		-- Answering this one, the worker has read that its contacts were shown offline.
		connection.tells_withdrawal = connection.withdrawn;
		connection.session.send(ping);
	end

	local function fall_silent(connection)
		connection.silent = true;
		module:log("warn", "Connection %s does not answer: it gets no stanzas until it does", connection.name);
		connections.on_change();
	end

	-- At most one ping is under way on a connection, so a silent one does not collect them.
	local function check(connection)
		local elapsed = now() - connection.pinged_at;
		if not connection.ping then
			if elapsed >= options.ping_interval then
				send_ping(connection);
			end
		elseif not connection.silent and elapsed >= options.ping_deadline then
			fall_silent(connection);
		end
	end

	local function come_back(connection)
		connection.silent = false;
		module:log("info", "Connection %s answers again", connection.name);
		connections.on_change();
		if connection.withdrawn then
			send_ping(connection);
		end
	end

	-- An error is an answer, too: it proves that the worker reads.
	local function on_answer(event)
		local attr = event.stanza.attr;
		local connection = connections.of(event.origin);
		if not connection or not connection.ping or attr.id ~= connection.ping or (attr.type ~= "result" and attr.type ~= "error") then
			return nil;
		end
		connection.ping = nil;
		if connection.tells_withdrawal then
			connection.withdrawn = false;
		end
		if connection.silent then
			come_back(connection);
		end
		return true;
	end

	local function start()
		local tick = math.min(1, options.ping_interval, options.ping_deadline);
		module:add_timer(tick, function ()
			for _, connection in ipairs(connections.all()) do
				check(connection);
			end
			return tick;
		end);
	end

	return { start = start, on_answer = on_answer };
end
