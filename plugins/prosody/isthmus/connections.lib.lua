-- The open connections of the gateway's component and the choice among them.
--
-- A connection is a plain table, so that it survives a reload of the module:
--   session    mod_component's session
--   name       the worker's name, or a generated one until the worker has told its own
--   serial     number in the order of attaching
--   announced  true once the worker has told its name
--   draining   true once the worker has asked for no new stanzas
--   silent     true while a ping is overdue
--   ping       id of the ping that is not answered yet
--   pinged_at  when the last ping was sent, by the clock of the heartbeat; that of its attaching before
--   withdrawn  true until the worker knows that its contacts were shown offline
--   tells_withdrawal  true if the ping under way says so
--   missed     how much presence for it was dropped that the worker does not know of
--   tells_missed  of how much the ping under way speaks
--   spoke      true if it has sent something since the heartbeat has looked last
--   heard_at   when the heartbeat has found that it had sent something
--   acknowledges  true once the worker has said that it reports what it has handled
--   unready    true while the worker says that it cannot do what it is given
--   queue      what was handed to it and is not reported: see queue.lib.lua
--   full       true once this was too much, until it reports
--   moved      the highest number that was taken from it because it was not ready

local new_id = require "util.id".short;

return function (options, contacts)
	local queues = module:require "queue";
	-- session -> connection
	local attached = {};
	local count = 0;
	local last_serial = 0;
	-- Number of changes to the hash: a grace period that has begun before the last one no longer counts.
	local changes = 0;
	-- Told of a connection that has gone, and of every change to the hash.
	local on_gone, after_change;

	local function is_live(connection)
		return not connection.draining and not connection.silent;
	end

	local function count_live()
		local live = 0;
		for _, connection in pairs(attached) do
			live = live + (is_live(connection) and 1 or 0);
		end
		return live;
	end

	local function withdraw_contacts()
		module:log("warn", "No live connection of %s: showing %d contacts offline", options.component, contacts.count());
		for _, connection in pairs(attached) do
			connection.withdrawn = true;
		end
		contacts.withdraw_while(function () return count_live() == 0; end);
	end

	-- Must be called after each change that lets a connection enter or leave the hash.
	local function on_change()
		local live = count_live();
		changes = changes + 1;
		after_change();
		if live > 0 then
			module:set_status("info", ("%d of %d connections live"):format(live, count), true);
			return;
		end
		module:set_status("warn", "No live connection of " .. options.component, true);
		local this_change = changes;
		module:add_timer(options.grace_period, function ()
			if changes == this_change then
				withdraw_contacts();
			end
		end);
	end

	local function put(connection)
		if not attached[connection.session] then
			count = count + 1;
		end
		attached[connection.session] = connection;
		-- The guard has taken over: mod_component would close the stream at the first stanza of a missing user.
		connection.session.component_validate_from = false;
	end

	local function attach(session)
		last_serial = last_serial + 1;
		local connection = { session = session, name = "unnamed-" .. new_id(), serial = last_serial };
		connection.queue = queues.new();
		put(connection);
		module:log("info", "Connection %s of %s attached", connection.name, options.component);
		on_change();
	end

	local function restore_strict_check(session)
		session.component_validate_from = module:context(options.component):get_option_boolean("validate_from_addresses", true);
	end

	local function on_disconnected(event)
		local connection = attached[event.session];
		if connection then
			attached[event.session] = nil;
			count = count - 1;
			module:log("info", "Connection %s of %s detached", connection.name, options.component);
			on_gone(connection);
			on_change();
		end
	end

	-- Connections that were open before the module was loaded, or that a failed reload has dropped.
	local function adopt_open_sessions()
		for _, session in pairs(module:shared("/*/component/sessions")) do
			if session.host == options.component and session.type == "component" and not attached[session] then
				attach(session);
			end
		end
	end

	-- The connections saved by an earlier instance of the module; adopt_open_sessions has run before.
	local function restore(saved)
		for _, connection in ipairs(saved or {}) do
			if attached[connection.session] then
				last_serial = last_serial + 1;
				connection.serial = last_serial;
				-- An older version of the module has not known it.
				connection.queue = connection.queue or queues.new();
				put(connection);
			end
		end
		on_change();
	end

	-- Has no other live worker told its name: is this the first one after a time without any?
	local function is_only_worker(connection)
		for _, other in pairs(attached) do
			if other ~= connection and other.announced and is_live(other) then
				return false;
			end
		end
		return true;
	end

	local function sorted_by_serial()
		local list = {};
		for _, connection in pairs(attached) do
			list[#list + 1] = connection;
		end
		table.sort(list, function (a, b) return a.serial < b.serial; end);
		return list;
	end

	return {
		attach = attach,
		-- To be called once, before there are connections.
		watch = function (gone, changed) on_gone, after_change = gone, changed; end,
		on_change = on_change,
		on_disconnected = on_disconnected,
		adopt_open_sessions = adopt_open_sessions,
		save = sorted_by_serial,
		restore = restore,
		count = function () return count; end,
		is_only_worker = is_only_worker,
		-- Is there a live connection?
		is_served = function () return count_live() > 0; end,
		all = sorted_by_serial,
		-- Iterates over the live ones, in no order.
		each_live = function ()
			local session, connection;
			return function ()
				repeat
					session, connection = next(attached, session);
				until not session or is_live(connection);
				return session, connection;
			end;
		end,
		-- The connection of a session; nil if the session is not the gateway's.
		of = function (session) return session and attached[session]; end,
		-- Gives every connection back to mod_component's strict check.
		release_all = function ()
			for session in pairs(attached) do
				restore_strict_check(session);
			end
			attached, count = {}, 0;
		end,
		close_all = function (condition)
			for _, connection in ipairs(sorted_by_serial()) do
				connection.session:close(condition);
			end
		end,
	};
end
