-- Pings each connection: a worker that has stopped reading shows no error on TCP, and stanzas would pile up for it unseen.

local new_id = require "util.id".medium;
local now = require "util.time".monotonic;
local st = require "util.stanza";

-- Looks in the time of an interval.
local LOOKS = 10;

return function (options, connections)
	local tick = math.min(options.ping_interval, options.ping_deadline) / LOOKS;

	-- Seconds for which this server has been at work: while it stands still itself, answers lie unread before it, and the silence
	-- is its own. Between two looks it reads what has come.
	local clock, looked_at = now(), now();

	local function advance_clock()
		clock, looked_at = clock + math.min(now() - looked_at, 2 * tick), now();
	end

	local function send_ping(connection)
		connection.ping, connection.pinged_at = new_id(), clock;
		local ping = st.iq({ type = "get", id = connection.ping, from = options.domain, to = options.component })
			:tag("ping", {
				xmlns = options.xmlns,
				contacts = connection.withdrawn and "withdrawn" or nil,
				presence = connection.missed and "missed" or nil,
			});
		-- Answering this one, the worker has read what has become of its contacts and of its presence.
		connection.tells_withdrawal, connection.tells_missed = connection.withdrawn, connection.missed;
		connection.session.send(ping);
	end

	local function fall_silent(connection)
		if connection.acknowledges then
			-- What it has not reported goes to others: it must not come back to that.
			module:log("warn", "Connection %s does not answer: it is closed", connection.name);
			connection.session:close({ condition = "connection-timeout", text = "No answer to a ping" });
			return;
		end
		connection.silent = true;
		module:log("warn", "Connection %s does not answer: it gets no stanzas until it does", connection.name);
		connections.on_change();
	end

	-- At most one ping is under way on a connection, so a silent one does not collect them. Whatever a worker sends shows that it
	-- lives: one that is deep in work may take its time with the answer.
	local function check(connection)
		connection.pinged_at = connection.pinged_at or clock;
		if connection.spoke or not connection.heard_at then
			connection.spoke, connection.heard_at = nil, clock;
		end
		if not connection.ping then
			if clock - connection.pinged_at >= options.ping_interval then
				send_ping(connection);
			end
		elseif not connection.silent and clock - math.max(connection.pinged_at, connection.heard_at) >= options.ping_deadline - tick then
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
		if connection.tells_missed == connection.missed then
			connection.missed = nil;
		end
		if connection.silent then
			come_back(connection);
		end
		return true;
	end

	local function start()
		module:add_timer(tick, function ()
			advance_clock();
			for _, connection in ipairs(connections.all()) do
				check(connection);
			end
			return tick;
		end);
	end

	return { start = start, on_answer = on_answer };
end
