-- Which worker had the stanzas of a pair lately. A pair moves to another living worker only when it has been quiet: what stands
-- in the socket of the one would be overtaken by what goes to the other, and stanzas keep their order.

return function (options)
	-- Pair -> name of its worker, for those with a stanza since the last rotation, and for those of the time before it.
	local recent, older = {}, {};
	local count, older_count = 0, 0;

	local function rotate()
		if older_count > 0 then
			module:log("debug", "Forgot the workers of at most %d quiet pairs", older_count);
		end
		recent, older, count, older_count = {}, recent, 0, count;
	end

	local function keep(pair, name)
		if not recent[pair] then
			if count >= options.pair_limit then
				rotate();
			end
			count = count + 1;
		end
		recent[pair] = name;
	end

	local function start()
		module:add_timer(options.pair_lifetime, function ()
			rotate();
			return options.pair_lifetime;
		end);
	end

	return {
		keep = keep,
		of = function (pair) return recent[pair] or older[pair]; end,
		start = start,
		save = function () return { recent = recent, older = older, count = count, older_count = older_count }; end,
		restore = function (saved)
			if saved then
				recent, older, count, older_count = saved.recent, saved.older, saved.count, saved.older_count;
			end
		end,
	};
end
