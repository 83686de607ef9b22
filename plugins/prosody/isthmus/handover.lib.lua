-- Hands stanzas to the workers, numbered for those who report, and to others what a worker cannot handle any more.

local st = require "util.stanza";

return function (connections, choice, numbers, unhandled, waiting)
	local function write(connection, entry)
		entry.waits = nil;
		connection.session.send(entry.xml);
	end

	local function give(entry)
		if not choice.has_worker() then
			waiting.put(entry);
			return;
		end
		local connection = choice.choose(entry.pair);
		-- Noted before it is written: the write may find the connection dead, and that gives it on.
		if connection.acknowledges then
			unhandled.put(connection, entry);
		end
		if connection.moved and entry.n <= connection.moved then
			connection.moved = nil; -- not told any more: it would speak of this one, too
		end
		write(connection, entry);
	end

	-- Gives entries that have left their place to the connections that are chosen now, or lets them wait for one.
	local function give_again(entries)
		for _, entry in ipairs(entries) do
			give(entry);
		end
	end

	local function take_from_unready(connection)
		local entries = unhandled.take(connection);
		if #entries > 0 then
			module:log("info", "Connection %s is not ready: %d stanzas go to others", connection.name, #entries);
			connection.moved = math.max(connection.moved or 0, entries[#entries].n);
			give_again(entries);
		end
	end

	-- Presence was dropped whose worker is gone, or that had none: it is missing to whoever has the pair now.
	local function pass_on_missed()
		local nobody = unhandled.nobody();
		for _, connection in ipairs(nobody.missed and connections.all() or {}) do
			connection.missed = (connection.missed or 0) + nobody.missed;
		end
		nobody.missed = nil;
	end

	-- Connections have come or gone, or have changed their rank.
	local function on_change()
		if choice.has_ready_worker() then
			for _, connection in ipairs(connections.all()) do
				if connection.unready then
					take_from_unready(connection);
				end
			end
		end
		if choice.has_worker() then
			pass_on_missed();
			give_again(waiting.take());
		end
	end

	local function on_gone(connection)
		local nobody = unhandled.nobody();
		nobody.missed = connection.missed and (nobody.missed or 0) + connection.missed or nobody.missed;
		local entries = unhandled.take(connection);
		if #entries > 0 then
			module:log("info", "Connection %s has not reported %d stanzas: they go to others", connection.name, #entries);
			give_again(entries);
		end
	end

	-- Of a connection that drains: what waits behind nothing any more goes where its pair belongs now.
	local function release_waiting(connection)
		local is_held = {};
		give_again(unhandled.take(connection, function (entry)
			is_held[entry.pair] = is_held[entry.pair] or not entry.waits;
			return not is_held[entry.pair];
		end));
	end

	-- The worker has handled what was handed to this connection up to the stanza of this number.
	local function report(connection, n)
		unhandled.forget(connection, n);
		if connection.draining then
			release_waiting(connection);
		end
	end

	local function hand_over_numbered(stanza, pair, place)
		local xml, n = numbers.number(stanza);
		if unhandled.is_full(place, #xml) then
			-- Presence is asked for and told anew later.
			place.missed = stanza.name == "presence" and (place.missed or 0) + 1 or place.missed;
			return "resource-constraint", "Too much waits for the gateway to this user's server";
		end
		local entry = { n = n, pair = pair, xml = xml, name = stanza.name, attr = st.clone(stanza, true).attr };
		if place == unhandled.nobody() then
			waiting.put(entry);
			return nil;
		end
		entry.waits = place.draining;
		unhandled.put(place, entry);
		if not entry.waits then
			write(place, entry);
		end
		return nil;
	end

	-- Behind what is unreported of the pair; else where the pair is chosen to be. Nil if nobody is there.
	local function place_for(pair)
		local place = unhandled.place_of(pair);
		if place and (place ~= unhandled.nobody() or connections.is_served()) then
			return place;
		end
		return choice.choose(pair);
	end

	-- An answer to an IQ is of no use to another worker than the one that has asked.
	local function is_numbered(stanza)
		return stanza.name ~= "iq" or stanza.attr.type == "get" or stanza.attr.type == "set";
	end

	-- Returns nothing, or the condition of the error that the sender is owed, and its text.
	local function hand_over(stanza, pair)
		local may_wait = is_numbered(stanza);
		local place = may_wait and place_for(pair) or not may_wait and choice.choose(pair);
		if not place then
			return "remote-server-timeout", "The gateway to this user's server is not connected";
		end
		if may_wait and (place.acknowledges or place == unhandled.nobody()) then
			return hand_over_numbered(stanza, pair, place);
		end
		stanza.attr.xmlns = nil;
		place.session.send(stanza);
		return nil;
	end

	return { hand_over = hand_over, report = report, on_change = on_change, on_gone = on_gone };
end
